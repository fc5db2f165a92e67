-- Whether the world has moved. In: `tidemark score`. Out: people, metrics.

CREATE TABLE IF NOT EXISTS scoring_drift_rows
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    feature String COMMENT 'The feature, or (score) for what the run computed: probabilities or cltv_predicted',
    edges Array(Float64) COMMENT 'Upper ends of the bins, those of the run before where it had the feature; beyond the last one is one more bin',
    counts Array(UInt64) COMMENT 'Users or customers in each bin',
    psi Nullable(Float64) COMMENT 'Population stability index against the run before: sum of (share - share before) * ln(share / share before). Below 0.1 = stable; up to 0.25 = look at it; above = the model was made for others: fit it anew. NULL without a run before'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, feature)
COMMENT 'Distributions as stored, of finished and unfinished runs. Read the view scoring_drift.';

CREATE OR REPLACE VIEW scoring_drift
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    model LowCardinality(String) COMMENT 'What the run computed: retention-drivers, users or customers',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    feature String COMMENT 'The feature, or (score) for what the run computed: probabilities or cltv_predicted',
    edges Array(Float64) COMMENT 'Upper ends of the bins, those of the run before where it had the feature; beyond the last one is one more bin',
    counts Array(UInt64) COMMENT 'Users or customers in each bin',
    psi Nullable(Float64) COMMENT 'Population stability index against the run before: sum of (share - share before) * ln(share / share before). Below 0.1 = stable; up to 0.25 = look at it; above = the model was made for others: fit it anew. NULL without a run before',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.model AS model,
    r.as_of AS as_of,
    s.feature AS feature,
    s.edges AS edges,
    s.counts AS counts,
    s.psi AS psi,
    r.finished_at AS computed_at
FROM (SELECT * FROM scoring_drift_rows FINAL) AS s
-- Without its run row nothing of a run is there.
INNER JOIN (SELECT * FROM scoring_run_rows FINAL) AS r ON r.run_id = s.run_id
COMMENT 'How features and scores of every finished run are distributed, and how far they have moved since the run before.';

CREATE OR REPLACE VIEW scoring_status
(
    model LowCardinality(String) COMMENT 'What is computed: retention-drivers, users or customers',
    runs UInt64 COMMENT 'Number of finished runs',
    last_run_id UUID COMMENT 'The last finished run',
    last_success_at DateTime64(3, 'UTC') COMMENT 'When it was finished',
    last_as_of Date COMMENT 'As of which day it was',
    promoted_run_id Nullable(UUID) COMMENT 'The run that the views latest_… show; NULL = none was promoted',
    max_feature_psi Nullable(Float64) COMMENT 'Drift of the feature that has moved most, of the last finished run; NULL without a run before it',
    score_psi Nullable(Float64) COMMENT 'Drift of the scores, of the last finished run; NULL without a run before it',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    model,
    count() AS runs,
    argMax(run_id, finished_at) AS last_run_id,
    max(finished_at) AS last_success_at,
    argMax(as_of, finished_at) AS last_as_of,
    anyIf(run_id::Nullable(UUID), is_promoted) AS promoted_run_id,
    argMax(tuple(max_feature_psi), finished_at).1 AS max_feature_psi,
    argMax(tuple(score_psi), finished_at).1 AS score_psi,
    now64(3, 'UTC') AS computed_at
FROM scoring_runs
GROUP BY model
COMMENT 'One row per model that was ever run: when last, which run is in use, and how far the world has moved since the run before.';
