-- Who will stay. In: `tidemark score users`. Out: people.

CREATE TABLE IF NOT EXISTS user_score_rows
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    user_id String COMMENT 'User, as the producer names them',
    probability Float64 COMMENT 'Probability of being retained, 0 to 1, by the coefficients that were promoted then'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, user_id)
COMMENT 'Scores of users as stored, of finished and unfinished runs. Read the view user_scores.';

CREATE OR REPLACE VIEW user_scores
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    model LowCardinality(String) COMMENT 'What the run computed: retention-drivers, users or customers',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    user_id String COMMENT 'User, as the producer names them',
    probability Float64 COMMENT 'Probability of being retained, 0 to 1, by the coefficients that were promoted then',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.model AS model,
    r.as_of AS as_of,
    s.user_id AS user_id,
    s.probability AS probability,
    r.finished_at AS computed_at
FROM (SELECT * FROM user_score_rows FINAL) AS s
-- Without its run row nothing of a run is there.
INNER JOIN (SELECT * FROM scoring_run_rows FINAL) AS r ON r.run_id = s.run_id
COMMENT 'Scores of every user with a complete first week, by every finished run.';

CREATE OR REPLACE VIEW latest_user_scores
(
    run_id UUID COMMENT 'The run that computed it: the last one promoted',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    user_id String COMMENT 'User, as the producer names them',
    probability Float64 COMMENT 'Probability of being retained, 0 to 1, by the coefficients that were promoted then',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.as_of AS as_of,
    s.user_id AS user_id,
    s.probability AS probability,
    r.finished_at AS computed_at
FROM (SELECT * FROM user_score_rows FINAL WHERE run_id IN (SELECT run_id FROM scoring_runs WHERE is_promoted)) AS s
INNER JOIN (SELECT * FROM scoring_runs WHERE is_promoted) AS r ON r.run_id = s.run_id
COMMENT 'By the promoted run: the probability of every user with a complete first week to be retained. Low ones are to be won, if they are worth it; sort by it rather than cut at one half.';
