/** Who comes, who stays, who comes back and who leaves. */
import { html } from 'hono/html';
import { heatMap } from '../charts/heat-map.ts';
import type { Row } from '../dataset.ts';
import { isSettled, numberIn, textIn } from '../dataset.ts';
import {
  GROWTH,
  NEWEST,
  MONTHS,
  MONTHLY_COHORTS,
  DAILY_COHORTS,
  CHANNELS,
} from '../datasets/growth.ts';
import type { Figure } from '../figure.ts';
import { exact, longDay, longMonth, percent, shortDay, shortMonth } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';
import { bars, lines } from '../time-figure.ts';

export const growth: Page = {
  path: '/growth',
  title: 'Growth',
  intro: 'Who comes, who stays, who comes back and who leaves.',
  filledBy: 'Send app events, or take a file in with npx tidemark ingest FILE --stream app-events.',
  tiles: {
    dataset: NEWEST,
    of: (row) => [
      {
        label: 'daily active',
        value: exact(numberIn(row, 'daily_active_users')),
        note: `${longDay(textIn(row, 'event_date'))}, ${textIn(row, 'activity_trend_7d')}`,
        column: 'daily_active_users',
      },
      {
        label: 'weekly active',
        value: exact(numberIn(row, 'weekly_active_users_7d')),
        column: 'weekly_active_users_7d',
      },
      {
        label: 'monthly active',
        value: exact(numberIn(row, 'monthly_active_users_30d')),
        column: 'monthly_active_users_30d',
      },
      {
        label: 'quick ratio of the day',
        value: exact(numberIn(row, 'daily_quick_ratio')),
        note: textIn(row, 'daily_growth_quality'),
        column: 'daily_quick_ratio',
      },
      {
        label: 'stickiness',
        value: percent(numberIn(row, 'dau_mau_stickiness')),
        note: 'DAU of MAU',
        column: 'dau_mau_stickiness',
      },
    ],
  },
  figures: [
    {
      title: 'Active users',
      caption: 'Distinct users on a day, in 7 days and in 30 days up to it.',
      wide: true,
      dataset: GROWTH,
      ...lines('event_date', [
        { column: 'monthly_active_users_30d', label: 'MAU, 30 days', tone: 'violet' },
        { column: 'weekly_active_users_7d', label: 'WAU, 7 days', tone: 'teal' },
        { column: 'daily_active_users', label: 'DAU', tone: 'blue' },
      ]),
    },
    {
      title: 'What moves the active users',
      caption: 'Above zero who is active and why, below zero who was the day before and is not.',
      wide: true,
      dataset: GROWTH,
      ...bars('event_date', [
        { column: 'retained_users', label: 'retained', tone: 'blue' },
        { column: 'resurrected_users', label: 'resurrected', tone: 'teal' },
        { column: 'new_users', label: 'new', tone: 'amber' },
        { column: 'churned_users', label: 'churned', tone: 'red', below: true },
      ]),
    },
    {
      title: 'Quick ratio',
      caption:
        'Below 1, the dotted line, more users leave than come. A gap is a day on which nobody left.',
      dataset: GROWTH,
      ...lines(
        'event_date',
        [{ column: 'daily_quick_ratio', label: 'quick ratio', tone: 'teal' }],
        {
          guide: 1,
        },
      ),
    },
    {
      title: 'Stickiness and retention',
      caption: 'How much of a wider circle is there on a day, and who of the day before.',
      dataset: GROWTH,
      ...lines(
        'event_date',
        [
          { column: 'dau_wau_stickiness', label: 'DAU of WAU', tone: 'teal' },
          { column: 'dau_mau_stickiness', label: 'DAU of MAU', tone: 'violet' },
          { column: 'day_over_day_retention_pct', label: 'day over day', tone: 'grey' },
        ],
        { unit: 'percent' },
      ),
    },
    {
      title: 'Months',
      caption: 'The same accounts by calendar month.',
      dataset: MONTHS,
      ...bars('activity_month', [
        { column: 'retained_users', label: 'retained', tone: 'blue' },
        { column: 'resurrected_users', label: 'resurrected', tone: 'teal' },
        { column: 'new_users', label: 'new', tone: 'amber' },
        { column: 'churned_users', label: 'churned', tone: 'red', below: true },
      ]),
    },
    {
      title: 'New users by channel',
      caption: 'By the first event of their first active day.',
      dataset: CHANNELS,
      ...bars('event_date', [
        { column: 'new_organic_users', label: 'organic', tone: 'teal' },
        { column: 'new_paid_users', label: 'paid', tone: 'blue' },
        { column: 'new_social_users', label: 'social', tone: 'violet' },
        { column: 'new_referral_users', label: 'referral', tone: 'amber' },
        { column: 'new_other_users', label: 'other', tone: 'grey' },
      ]),
    },
    monthTable(),
    cohorts({
      title: 'Retention of monthly cohorts',
      caption: 'Of those who were new in a month, the percentage active so many months later.',
      dataset: MONTHLY_COHORTS,
      cohort: 'cohort_month',
      unit: 'month',
    }),
    cohorts({
      title: 'Retention of daily cohorts',
      caption: 'Of those who were new on a day, how many are active so many days later.',
      dataset: DAILY_COHORTS,
      cohort: 'cohort_date',
      unit: 'day',
    }),
  ],
};

function monthTable(): Figure {
  return {
    title: 'What the months say',
    caption: 'Alerts count for settled months only; the last one is still live.',
    wide: true,
    dataset: MONTHS,
    columns: ['retention_rate_pct', 'quick_ratio', 'quick_ratio_benchmark', 'alert_level'],
    draw: (rows) =>
      table(
        'months',
        [
          {
            head: 'month',
            cell: (row) =>
              isSettled(row)
                ? longMonth(textIn(row, 'activity_month'))
                : html`${longMonth(textIn(row, 'activity_month'))}<span class="note">live</span>`,
          },
          { head: 'MAU', number: true, cell: (row) => exact(numberIn(row, 'total_mau')) },
          {
            head: 'retention',
            number: true,
            cell: (row) => percent(numberIn(row, 'retention_rate_pct')),
          },
          {
            head: 'quick ratio',
            number: true,
            cell: (row) => exact(numberIn(row, 'quick_ratio')),
          },
          { head: 'benchmark', cell: (row) => textIn(row, 'quick_ratio_benchmark') },
          {
            head: 'alert',
            cell: (row) => {
              const alert = textIn(row, 'alert_level');
              return alert === 'OK' || !isSettled(row)
                ? alert
                : html`<span class="bad-text">${alert}</span>`;
            },
          },
          { head: 'what to do', cell: (row) => textIn(row, 'strategic_recommendation') },
        ],
        [...rows].reverse().slice(0, 12),
      ),
  };
}

interface CohortOptions extends Pick<Figure, 'title' | 'caption' | 'dataset'> {
  readonly cohort: 'cohort_month' | 'cohort_date';
  readonly unit: 'month' | 'day';
}

function cohorts({ cohort, unit, ...rest }: CohortOptions): Figure {
  const [long, brief] =
    unit === 'month' ? [longMonth, (day: string) => shortMonth(day, true)] : [longDay, shortDay];
  return {
    ...rest,
    columns: [cohort, 'period_number', 'cohort_size', 'retention_rate'],
    draw: (rows) => {
      const names = [...new Set(rows.map((row) => textIn(row, cohort)))];
      const longest = Math.max(...rows.map((row) => numberIn(row, 'period_number') ?? 0));
      return heatMap({
        label: `Heat map of ${names.length} cohorts over ${longest + 1} ${unit}s`,
        rows: names.map(brief),
        columns: Array.from({ length: longest + 1 }, (_, period) => String(period)),
        rowTitle: 'new in',
        columnTitle: `${unit}s since`,
        cells: rows.map((row) => cellOf(row, names, cohort, unit, long)),
      });
    },
  };
}

function cellOf(
  row: Row,
  names: readonly string[],
  cohort: string,
  unit: string,
  long: (day: string) => string,
) {
  const name = textIn(row, cohort);
  const period = numberIn(row, 'period_number') ?? 0;
  const rate = numberIn(row, 'retention_rate') ?? 0;
  const live = !isSettled(row);
  return {
    row: names.indexOf(name),
    column: period,
    share: rate / 100,
    text: rate.toFixed(0),
    live,
    told: [
      `New ${unit === 'day' ? 'on' : 'in'} ${long(name)}${live ? '\tlive' : ''}`,
      `${period} ${unit}${period === 1 ? '' : 's'} later\t${percent(rate)}`,
      `active\t${exact(numberIn(row, 'users_active'))} of ${exact(numberIn(row, 'cohort_size'))}`,
    ],
  };
}
