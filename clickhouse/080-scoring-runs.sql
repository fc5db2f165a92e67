-- Runs of scoring. In: `tidemark score`. Out: people, and whatever shows only what a finished run has stored.

CREATE TABLE IF NOT EXISTS scoring_run_rows
(
    model LowCardinality(String) COMMENT 'What was computed: retention-drivers, users or customers',
    run_id UUID COMMENT 'The run; later runs have larger ids',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began',
    finished_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When everything else of the run was stored',
    code_version String COMMENT 'Version of tidemark that computed it',
    features UInt32 COMMENT 'Number of features that were looked at',
    rows UInt64 COMMENT 'Number of users or customers it was computed from, or for',
    metrics String COMMENT 'How good it is, and what was left out and why; JSON',
    parameters String COMMENT 'With what it was computed; JSON',
    data_fingerprint String COMMENT 'Hash of all values that were read: equal fingerprints, equal data; hexadecimal',
    previous_run_id Nullable(UUID) COMMENT 'Run of the model before this one, which drift is measured against; NULL = the first',
    max_feature_psi Nullable(Float64) COMMENT 'Largest population stability index of a feature, see scoring_drift; NULL without a run before',
    score_psi Nullable(Float64) COMMENT 'Population stability index of the scores, see scoring_drift; NULL without a run before'
)
ENGINE = ReplacingMergeTree(finished_at)
ORDER BY (model, run_id)
COMMENT 'Runs as stored; each row is written when all else of its run is there. Read the view scoring_runs.';

CREATE TABLE IF NOT EXISTS scoring_promotion_rows
(
    model LowCardinality(String) COMMENT 'What the run computes: retention-drivers, users or customers',
    run_id UUID COMMENT 'The run that is shown from then on',
    reason String COMMENT 'By whom or by which rule',
    promoted_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Since when'
)
ENGINE = MergeTree
ORDER BY (model, promoted_at, run_id)
COMMENT 'Which run is the one to be used, since when and why; the latest row of a model counts.';

CREATE OR REPLACE VIEW scoring_runs
(
    model LowCardinality(String) COMMENT 'What was computed: retention-drivers = a regression that says what goes with being retained; users = the chance of every user to be retained, by that regression; customers = segments, churn and value of every customer',
    run_id UUID COMMENT 'The run; later runs have larger ids',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began',
    finished_at DateTime64(3, 'UTC') COMMENT 'When everything of the run was stored',
    code_version String COMMENT 'Version of tidemark that computed it',
    features UInt32 COMMENT 'Number of features that were looked at',
    rows UInt64 COMMENT 'Number of users or customers it was computed from, or for',
    metrics String COMMENT 'How good it is, and what was left out and why; JSON: JSONExtractFloat(metrics, ''auc'')',
    parameters String COMMENT 'With what it was computed; JSON',
    data_fingerprint String COMMENT 'Hash of all values that were read: equal fingerprints, equal data; hexadecimal',
    previous_run_id Nullable(UUID) COMMENT 'Run of the model before this one, which drift is measured against; NULL = the first',
    max_feature_psi Nullable(Float64) COMMENT 'Largest population stability index of a feature, see scoring_drift; NULL without a run before',
    score_psi Nullable(Float64) COMMENT 'Population stability index of the scores, see scoring_drift; NULL without a run before',
    promoted_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was last promoted; NULL = never',
    is_promoted Bool COMMENT 'Whether it is the run that the views latest_… show: the last one promoted of its model',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: finished_at'
)
AS
SELECT
    r.model AS model,
    r.run_id AS run_id,
    as_of,
    started_at,
    finished_at,
    code_version,
    features,
    rows,
    metrics,
    parameters,
    data_fingerprint,
    previous_run_id,
    max_feature_psi,
    score_psi,
    if(p.promotions = 0, NULL, p.promoted_at) AS promoted_at,
    (p.promotions > 0 AND p.promoted_at = max(p.promoted_at) OVER (PARTITION BY r.model))::Bool AS is_promoted,
    finished_at AS computed_at
FROM (SELECT * FROM scoring_run_rows FINAL) AS r
LEFT JOIN
(
    SELECT
        model,
        run_id,
        count() AS promotions,
        max(promoted_at) AS promoted_at
    FROM scoring_promotion_rows
    GROUP BY
        model,
        run_id
) AS p ON p.model = r.model AND p.run_id = r.run_id
COMMENT 'Every finished run of scoring: as of when, of what, with what, and how good. What a run that failed had stored is not shown anywhere.';
