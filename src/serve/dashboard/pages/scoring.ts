/** What goes with staying, how far the model can be trusted, and which runs there were. */
import { html } from 'hono/html';
import { agreement } from '../charts/agreement.ts';
import { histogram } from '../charts/histogram.ts';
import { intervals } from '../charts/intervals.ts';
import type { Dataset } from '../dataset.ts';
import { numberIn, textIn } from '../dataset.ts';
import { exact, moment, percent } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';

const MODEL: Dataset = {
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

const DRIVERS: Dataset = {
  name: 'retention-drivers',
  description: 'One row per feature of the promoted run: what goes with being retained.',
  views: ['latest_scoring_coefficients'],
  sql: `SELECT feature, odds_ratio_per_unit, ci_low, ci_high, odds_ratio_per_sd, p_value, mean
FROM latest_scoring_coefficients
WHERE feature != '(intercept)'
ORDER BY abs(log(odds_ratio_per_sd)) DESC
LIMIT 25`,
};

const CALIBRATION: Dataset = {
  name: 'calibration',
  description: 'One row per tenth of the held-out users of the promoted run.',
  views: ['scoring_calibration'],
  sql: `SELECT bin, rows, predicted, observed
FROM scoring_calibration
WHERE run_id IN (SELECT run_id FROM scoring_runs WHERE model = 'retention-drivers' AND is_promoted)
ORDER BY bin`,
};

const SCORES: Dataset = {
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

const RUNS: Dataset = {
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

export const scoring: Page = {
  path: '/scoring',
  title: 'Scoring',
  intro: 'What goes with staying, how far the model can be trusted, and which runs there were.',
  filledBy:
    'Run npx tidemark score retention-drivers, then score users; for customers score customers.',
  tiles: {
    dataset: MODEL,
    of: (row) => [
      {
        label: 'AUC',
        value: exact(numberIn(row, 'auc')),
        note: 'held-out users',
        column: 'auc',
      },
      { label: 'Brier score', value: exact(numberIn(row, 'brier')), column: 'brier' },
      {
        label: 'accuracy',
        value: percent(100 * (numberIn(row, 'accuracy') ?? 0)),
        column: 'accuracy',
      },
      {
        label: 'stayed',
        value: percent(100 * (numberIn(row, 'base_rate') ?? 0)),
        note: `of ${exact(numberIn(row, 'rows'))} users`,
        column: 'base_rate',
      },
      {
        label: 'pseudo-R²',
        value: exact(numberIn(row, 'pseudo_r2')),
        note: `as of ${textIn(row, 'as_of')}`,
        column: 'pseudo_r2',
      },
    ],
  },
  figures: [
    {
      title: 'What goes with staying',
      caption:
        'Factor on the odds of being retained per unit of the feature in the first week, with its 95 % interval; grey ones hold 1 and say nothing. The strongest per standard deviation first.',
      wide: true,
      dataset: DRIVERS,
      columns: ['odds_ratio_per_unit', 'ci_low', 'ci_high', 'odds_ratio_per_sd'],
      draw: (rows) =>
        intervals(
          ['feature', 'odds ratio'],
          rows.map((row) => ({
            name: textIn(row, 'feature'),
            low: numberIn(row, 'ci_low') ?? 1,
            value: numberIn(row, 'odds_ratio_per_unit') ?? 1,
            high: numberIn(row, 'ci_high') ?? 1,
          })),
        ),
    },
    {
      title: 'Calibration',
      caption:
        'Tenths of the held-out users. On the dotted line, probabilities mean what they say.',
      dataset: CALIBRATION,
      columns: ['bin', 'predicted', 'observed'],
      draw: (rows) =>
        agreement(
          'Predicted against observed shares of retained users',
          rows.map((row) => ({
            name: `tenth ${exact(numberIn(row, 'bin'))}, ${exact(numberIn(row, 'rows'))} users`,
            predicted: numberIn(row, 'predicted') ?? 0,
            observed: numberIn(row, 'observed') ?? 0,
          })),
        ),
    },
    {
      title: 'Who will stay',
      caption:
        'Users with a complete first week by their probability of being retained, in percent.',
      dataset: SCORES,
      columns: ['probability_from', 'users'],
      draw: (rows) =>
        histogram({
          label: 'Histogram of probabilities of being retained',
          counted: 'users',
          width: 5,
          bins: rows.map((row) => ({
            from: numberIn(row, 'probability_from') ?? 0,
            count: numberIn(row, 'users') ?? 0,
          })),
        }),
    },
    {
      title: 'Runs',
      caption: 'The newest first. Drift is measured against the run before.',
      wide: true,
      dataset: RUNS,
      columns: ['model', 'as_of', 'rows', 'max_feature_psi', 'score_psi', 'is_promoted'],
      draw: (rows) =>
        table(
          'scoring runs',
          [
            { head: 'model', cell: (row) => textIn(row, 'model') },
            { head: 'as of', cell: (row) => textIn(row, 'as_of') },
            { head: 'finished', cell: (row) => moment(new Date(textIn(row, 'finished_at'))) },
            { head: 'rows', number: true, cell: (row) => exact(numberIn(row, 'rows')) },
            { head: 'AUC', number: true, cell: (row) => exact(numberIn(row, 'auc')) },
            {
              head: 'drift, features',
              number: true,
              cell: (row) => exact(numberIn(row, 'max_feature_psi')),
            },
            {
              head: 'drift, scores',
              number: true,
              cell: (row) => exact(numberIn(row, 'score_psi')),
            },
            {
              head: 'in use',
              cell: (row) => (row['is_promoted'] === true ? html`<b>yes</b>` : 'no'),
            },
          ],
          rows,
        ),
    },
  ],
};
