-- What goes with being retained. In: `tidemark score retention-drivers`. Out: people, `tidemark score users`.

CREATE TABLE IF NOT EXISTS scoring_coefficient_rows
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    feature String COMMENT 'The feature, or (intercept); platform=NAME is 1 for users who began there and 0 for others, against the reference in the run''s parameters',
    position UInt32 COMMENT 'Place in the model: 0 is the intercept',
    coefficient Float64 COMMENT 'Change of the log odds of being retained per unit of the feature, all other features the same',
    std_error Float64 COMMENT 'Standard error of the coefficient',
    p_value Float64 COMMENT 'Chance of so large a coefficient in either direction if the feature made no difference; below 0.05 is commonly called significant',
    odds_ratio_per_unit Float64 COMMENT 'Factor by which the odds of being retained change per unit: above 1 = more of it goes with staying; below 1 = with leaving',
    odds_ratio_per_sd Nullable(Float64) COMMENT 'The same per standard deviation of the feature, which makes features comparable; NULL for the intercept',
    ci_low Float64 COMMENT 'Lower end of the 95 % interval of odds_ratio_per_unit',
    ci_high Float64 COMMENT 'Upper end of the 95 % interval of odds_ratio_per_unit',
    mean Nullable(Float64) COMMENT 'Mean of the feature, which takes the place of missing values; NULL for the intercept',
    std_deviation Nullable(Float64) COMMENT 'Standard deviation of the feature in the sample (n - 1); NULL for the intercept'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, position)
COMMENT 'Coefficients as stored, of finished and unfinished runs. Read the view scoring_coefficients.';

CREATE OR REPLACE VIEW scoring_coefficients
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    model LowCardinality(String) COMMENT 'What the run computed: retention-drivers, users or customers',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    feature String COMMENT 'The feature, or (intercept); platform=NAME is 1 for users who began there and 0 for others, against the reference in the run''s parameters',
    position UInt32 COMMENT 'Place in the model: 0 is the intercept',
    coefficient Float64 COMMENT 'Change of the log odds of being retained per unit of the feature, all other features the same',
    std_error Float64 COMMENT 'Standard error of the coefficient',
    p_value Float64 COMMENT 'Chance of so large a coefficient in either direction if the feature made no difference; below 0.05 is commonly called significant',
    odds_ratio_per_unit Float64 COMMENT 'Factor by which the odds of being retained change per unit: above 1 = more of it goes with staying; below 1 = with leaving',
    odds_ratio_per_sd Nullable(Float64) COMMENT 'The same per standard deviation of the feature, which makes features comparable; NULL for the intercept',
    ci_low Float64 COMMENT 'Lower end of the 95 % interval of odds_ratio_per_unit',
    ci_high Float64 COMMENT 'Upper end of the 95 % interval of odds_ratio_per_unit',
    mean Nullable(Float64) COMMENT 'Mean of the feature, which takes the place of missing values; NULL for the intercept',
    std_deviation Nullable(Float64) COMMENT 'Standard deviation of the feature in the sample (n - 1); NULL for the intercept',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.model AS model,
    r.as_of AS as_of,
    s.feature AS feature,
    s.position AS position,
    s.coefficient AS coefficient,
    s.std_error AS std_error,
    s.p_value AS p_value,
    s.odds_ratio_per_unit AS odds_ratio_per_unit,
    s.odds_ratio_per_sd AS odds_ratio_per_sd,
    s.ci_low AS ci_low,
    s.ci_high AS ci_high,
    s.mean AS mean,
    s.std_deviation AS std_deviation,
    r.finished_at AS computed_at
FROM (SELECT * FROM scoring_coefficient_rows FINAL) AS s
-- Without its run row nothing of a run is there.
INNER JOIN (SELECT * FROM scoring_run_rows FINAL) AS r ON r.run_id = s.run_id
COMMENT 'Coefficients of every finished run. What goes with staying need not cause it: try it before building on it.';

CREATE OR REPLACE VIEW latest_scoring_coefficients
(
    run_id UUID COMMENT 'The run that computed it: the last one promoted',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    feature String COMMENT 'The feature, or (intercept); platform=NAME is 1 for users who began there and 0 for others, against the reference in the run''s parameters',
    position UInt32 COMMENT 'Place in the model: 0 is the intercept',
    coefficient Float64 COMMENT 'Change of the log odds of being retained per unit of the feature, all other features the same',
    std_error Float64 COMMENT 'Standard error of the coefficient',
    p_value Float64 COMMENT 'Chance of so large a coefficient in either direction if the feature made no difference; below 0.05 is commonly called significant',
    odds_ratio_per_unit Float64 COMMENT 'Factor by which the odds of being retained change per unit: above 1 = more of it goes with staying; below 1 = with leaving',
    odds_ratio_per_sd Nullable(Float64) COMMENT 'The same per standard deviation of the feature, which makes features comparable; NULL for the intercept',
    ci_low Float64 COMMENT 'Lower end of the 95 % interval of odds_ratio_per_unit',
    ci_high Float64 COMMENT 'Upper end of the 95 % interval of odds_ratio_per_unit',
    mean Nullable(Float64) COMMENT 'Mean of the feature, which takes the place of missing values; NULL for the intercept',
    std_deviation Nullable(Float64) COMMENT 'Standard deviation of the feature in the sample (n - 1); NULL for the intercept',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.as_of AS as_of,
    s.feature AS feature,
    s.position AS position,
    s.coefficient AS coefficient,
    s.std_error AS std_error,
    s.p_value AS p_value,
    s.odds_ratio_per_unit AS odds_ratio_per_unit,
    s.odds_ratio_per_sd AS odds_ratio_per_sd,
    s.ci_low AS ci_low,
    s.ci_high AS ci_high,
    s.mean AS mean,
    s.std_deviation AS std_deviation,
    r.finished_at AS computed_at
FROM (SELECT * FROM scoring_coefficient_rows FINAL WHERE run_id IN (SELECT run_id FROM scoring_runs WHERE is_promoted)) AS s
INNER JOIN (SELECT * FROM scoring_runs WHERE is_promoted) AS r ON r.run_id = s.run_id
COMMENT 'Coefficients of the promoted run: what goes with being retained, and how sure that is.';

CREATE TABLE IF NOT EXISTS scoring_calibration_rows
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    bin UInt32 COMMENT 'Tenth of the held-out users, 1 = those with the lowest probabilities',
    rows UInt64 COMMENT 'Number of users',
    predicted Float64 COMMENT 'Mean of the probabilities that the model gave them',
    observed Float64 COMMENT 'Share of them that was in fact retained; far from predicted = do not read the probabilities as such'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, bin)
COMMENT 'Calibration as stored, of finished and unfinished runs. Read the view scoring_calibration.';

CREATE OR REPLACE VIEW scoring_calibration
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    model LowCardinality(String) COMMENT 'What the run computed: retention-drivers, users or customers',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    bin UInt32 COMMENT 'Tenth of the held-out users, 1 = those with the lowest probabilities',
    rows UInt64 COMMENT 'Number of users',
    predicted Float64 COMMENT 'Mean of the probabilities that the model gave them',
    observed Float64 COMMENT 'Share of them that was in fact retained; far from predicted = do not read the probabilities as such',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.model AS model,
    r.as_of AS as_of,
    s.bin AS bin,
    s.rows AS rows,
    s.predicted AS predicted,
    s.observed AS observed,
    r.finished_at AS computed_at
FROM (SELECT * FROM scoring_calibration_rows FINAL) AS s
-- Without its run row nothing of a run is there.
INNER JOIN (SELECT * FROM scoring_run_rows FINAL) AS r ON r.run_id = s.run_id
COMMENT 'How well the probabilities of every finished run fit what happened to users that the model had not seen.';
