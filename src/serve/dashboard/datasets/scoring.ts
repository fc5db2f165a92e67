/** The queries behind the page of scoring: models, their scores and runs. */
import type { Dataset } from '../dataset.ts';

export const MODEL: Dataset = {
  name: 'retention-model',
  description: 'One row: the promoted run of retention-drivers, and how good it is.',
  views: ['scoring_runs'],
  meanings: {
    auc: 'On held-out users: chance that of two, one who stayed and one who left, the one who stayed has the higher probability; 0.5 = a coin',
    brier: 'On held-out users: mean squared error of the probabilities; 0 = perfect',
    accuracy: 'On held-out users: share that is on the right side of one half',
    base_rate: 'Share of all users with complete windows that stayed',
    pseudo_r2: 'McFadden: 1 - log-likelihood / that of the base rate alone',
  },
  sql: `SELECT
    as_of,
    rows,
    JSONExtractFloat(metrics, 'auc') AS auc,
    JSONExtractFloat(metrics, 'brier') AS brier,
    JSONExtractFloat(metrics, 'accuracy') AS accuracy,
    JSONExtractFloat(metrics, 'base_rate') AS base_rate,
    JSONExtractFloat(metrics, 'pseudo_r2') AS pseudo_r2
FROM scoring_runs
WHERE model = 'retention-drivers' AND is_promoted`,
};

export const DRIVERS: Dataset = {
  name: 'retention-drivers',
  description: 'One row per feature of the promoted run: what goes with being retained.',
  views: ['latest_scoring_coefficients'],
  sql: `SELECT feature, odds_ratio_per_unit, ci_low, ci_high, odds_ratio_per_sd, p_value, mean
FROM latest_scoring_coefficients
WHERE feature != '(intercept)'
ORDER BY abs(log(odds_ratio_per_sd)) DESC
LIMIT 25`,
};

export const CALIBRATION: Dataset = {
  name: 'calibration',
  description: 'One row per tenth of the held-out users of the promoted run.',
  views: ['scoring_calibration'],
  sql: `SELECT bin, rows, predicted, observed
FROM scoring_calibration
WHERE run_id IN (SELECT run_id FROM scoring_runs WHERE model = 'retention-drivers' AND is_promoted)
ORDER BY bin`,
};

export const SCORES: Dataset = {
  name: 'user-score-distribution',
  description: 'One row per twentieth: users by their probability of being retained.',
  views: ['latest_user_scores'],
  meanings: {
    probability_from: 'Lowest probability of the bin, in percent; every bin is 5 wide',
    users: 'Users with such a probability',
  },
  sql: `SELECT
    5 * least(toUInt32(floor(20 * probability)), 19) AS probability_from,
    count() AS users
FROM latest_user_scores
GROUP BY probability_from
ORDER BY probability_from`,
};

export const RUNS: Dataset = {
  name: 'scoring-runs',
  description: 'One row per finished run: the newest 20.',
  views: ['scoring_runs'],
  sql: `SELECT
    model,
    run_id,
    as_of,
    finished_at,
    rows,
    JSONExtract(metrics, 'auc', 'Nullable(Float64)') AS auc,
    max_feature_psi,
    score_psi,
    is_promoted
FROM scoring_runs
ORDER BY finished_at DESC
LIMIT 20`,
};
