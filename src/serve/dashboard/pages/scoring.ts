/** What goes with staying, how far the model can be trusted, and which runs there were. */
import { html } from 'hono/html';
import { agreement } from '../charts/agreement.ts';
import { histogram } from '../charts/histogram.ts';
import { intervals } from '../charts/intervals.ts';
import { numberIn, textIn } from '../dataset.ts';
import { MODEL, DRIVERS, CALIBRATION, SCORES, RUNS } from '../datasets/scoring.ts';
import { exact, moment, percent } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';

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
