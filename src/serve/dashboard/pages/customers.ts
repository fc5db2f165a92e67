/** Who buys, how lately, how often and for how much; who is about to leave; which prices move. */
import { barList } from '../charts/bar-list.ts';
import type { Bar } from '../charts/bar-list.ts';
import { heatMap } from '../charts/heat-map.ts';
import type { Tone } from '../charts/line-chart.ts';
import type { Row } from '../dataset.ts';
import { numberIn, textIn } from '../dataset.ts';
import { DAYS, GROUPS, PRICES } from '../datasets/customers.ts';
import { exact, longDay, percent, short } from '../numbers.ts';
import type { Page } from '../page.ts';
import { bars, lines } from '../time-figure.ts';

export const customers: Page = {
  path: '/customers',
  title: 'Customers',
  intro: 'Who buys, how lately, how often and for how much, and who is about to leave.',
  filledBy:
    'Send order lines, or take a file in with npx tidemark ingest FILE --stream order-lines.',
  tiles: {
    dataset: GROUPS,
    of: (row) => [
      {
        label: 'customers',
        value: exact(numberIn(row, 'customers')),
        note: `as of ${longDay(textIn(row, 'snapshot_date')).slice(5)}`,
        column: 'customers',
      },
      {
        label: 'revenue',
        value: short(numberIn(row, 'revenue') ?? 0),
        note: `in ${exact(numberIn(row, 'orders'))} orders`,
        column: 'revenue',
      },
      { label: 'order value', value: exact(numberIn(row, 'aov_order')), column: 'aov_order' },
      {
        label: 'buy again',
        value: percent(100 * (numberIn(row, 'repeat_ratio') ?? 0)),
        column: 'repeat_ratio',
      },
      {
        label: 'churned',
        value: percent(numberIn(row, 'churn_rate_pct')),
        column: 'churn_rate_pct',
      },
      {
        label: 'brought, each',
        value: exact(numberIn(row, 'avg_cltv_historic')),
        note: 'gross margin',
        column: 'avg_cltv_historic',
      },
      {
        label: 'expected, each',
        value: exact(numberIn(row, 'avg_cltv_predicted')),
        note: 'by score customers',
        column: 'avg_cltv_predicted',
      },
    ],
  },
  figures: [
    {
      title: 'Recency and frequency',
      caption: 'Customers by their two scores: those at the top right buy often and did lately.',
      dataset: GROUPS,
      columns: ['r_score', 'f_score', 'customers', 'revenue', 'segments'],
      draw: (all) => {
        const rows = groupedBy('r_score', all);
        const most = Math.max(...rows.map((row) => numberIn(row, 'customers') ?? 0));
        return heatMap({
          label: 'Heat map of customers by recency and frequency',
          rows: ['5', '4', '3', '2', '1'],
          columns: ['1', '2', '3', '4', '5'],
          rowTitle: 'recency',
          columnTitle: 'frequency',
          cells: rows.map((row) => {
            const [r, f] = [numberIn(row, 'r_score') ?? 1, numberIn(row, 'f_score') ?? 1];
            const count = numberIn(row, 'customers') ?? 0;
            return {
              row: 5 - r,
              column: f - 1,
              share: count / most,
              text: exact(count),
              told: [
                textIn(row, 'segments'),
                `recency ${r}, frequency ${f}\t${exact(count)} customers`,
                `revenue\t${exact(numberIn(row, 'revenue'))}`,
              ],
              live: false,
            };
          }),
        });
      },
    },
    {
      title: 'Segments',
      caption: 'By their share of the revenue.',
      dataset: GROUPS,
      columns: ['rfm_segmentation', 'customers', 'revenue_pct'],
      draw: groupBars('rfm_segmentation', 'segment'),
    },
    {
      title: 'Who is about to leave',
      caption: 'Customers by the days since their last order.',
      dataset: GROUPS,
      columns: ['churn_risk_group', 'up_to_days', 'customers'],
      draw: (all) =>
        barList(
          ['risk', 'customers'],
          groupedBy('churn_risk_group', all).map((row): Bar => {
            const name = textIn(row, 'churn_risk_group');
            return {
              name,
              meaning: textIn(row, 'description'),
              note: `${percent(numberIn(row, 'revenue_pct'))} of revenue`,
              value: numberIn(row, 'customers') ?? 0,
              tone: RISK[name] ?? 'grey',
            };
          }),
        ),
    },
    {
      title: 'What customers have brought',
      caption: 'Three equal groups by gross margin so far, and their share of the revenue.',
      dataset: GROUPS,
      columns: [
        'cltv_profit_segmentation',
        'min_cltv_historic',
        'max_cltv_historic',
        'revenue_pct',
      ],
      draw: groupBars('cltv_profit_segmentation', 'group'),
    },
    {
      title: 'Revenue',
      caption: 'Of the sales of a day, in the shop’s currency.',
      wide: true,
      dataset: DAYS,
      ...bars('event_date', [{ column: 'revenue', label: 'revenue', tone: 'teal' }]),
    },
    {
      title: 'Customers who order',
      caption: 'Distinct customers on a day, and in 30 days up to it.',
      dataset: DAYS,
      ...lines('event_date', [
        { column: 'mau', label: '30 days', tone: 'violet' },
        { column: 'dau', label: 'a day', tone: 'blue' },
      ]),
    },
    {
      title: 'Prices',
      caption:
        'Articles by what their prices did; those that oscillate or are complex deserve a look.',
      dataset: PRICES,
      columns: ['price_flag', 'articles', 'units_pct'],
      draw: (rows) =>
        barList(
          ['history', 'articles'],
          rows.map((row) => ({
            name: textIn(row, 'price_flag').replaceAll('_', ' '),
            note: `${percent(numberIn(row, 'units_pct'))} of units`,
            value: numberIn(row, 'articles') ?? 0,
          })),
        ),
    },
  ],
};

const RISK: Readonly<Record<string, Tone>> = {
  Low: 'teal',
  Medium: 'blue',
  High: 'amber',
  Churned: 'red',
};

/** The rows that are groups by this column. */
function groupedBy(column: string, rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => row[column] !== null);
}

/** Groups of customers by their share of the revenue. */
function groupBars(column: string, head: string) {
  return (rows: readonly Row[]) =>
    barList(
      [head, 'of revenue'],
      groupedBy(column, rows).map((row) => ({
        name: textIn(row, column),
        meaning: textIn(row, 'description') || undefined,
        note: `${exact(numberIn(row, 'customers'))} customers`,
        value: numberIn(row, 'revenue_pct') ?? 0,
        shown: percent(numberIn(row, 'revenue_pct')),
      })),
    );
}
