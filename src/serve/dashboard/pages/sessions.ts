/** How long users stay at a time, when they come, and what their first week says of the fifth. */
import { barList } from '../charts/bar-list.ts';
import { heatMap } from '../charts/heat-map.ts';
import { numberIn, textIn } from '../dataset.ts';
import { TOTALS, BY_DAY, LENGTHS, HOURS, FIRST_WEEK, STAYED } from '../datasets/sessions.ts';
import { age, exact, percent } from '../numbers.ts';
import type { Page } from '../page.ts';
import { bars, lines } from '../time-figure.ts';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export const sessions: Page = {
  path: '/sessions',
  title: 'Sessions',
  intro: 'How long users stay, when they come, and which first weeks end in staying.',
  filledBy: 'Send app events; sessions follow at the next refresh.',
  tiles: {
    dataset: TOTALS,
    of: (row) => [
      { label: 'sessions', value: exact(numberIn(row, 'sessions')), note: 'in the range' },
      {
        label: 'per user',
        value: exact(numberIn(row, 'sessions_per_user')),
        note: `of ${exact(numberIn(row, 'users'))} users`,
        column: 'sessions_per_user',
      },
      {
        label: 'median length',
        value: age(numberIn(row, 'median_seconds')),
        note: 'of those with two events or more',
        column: 'median_seconds',
      },
      {
        label: 'events per session',
        value: exact(numberIn(row, 'events_per_session')),
        column: 'events_per_session',
      },
    ],
  },
  figures: [
    {
      title: 'Sessions by day',
      caption: 'Sessions that started on a day, and by how many users.',
      wide: true,
      dataset: BY_DAY,
      ...lines('event_date', [
        { column: 'sessions', label: 'sessions', tone: 'blue' },
        { column: 'users', label: 'users', tone: 'teal' },
      ]),
    },
    {
      title: 'Length in seconds',
      caption: 'Of sessions with two events or more.',
      dataset: BY_DAY,
      ...lines('event_date', [
        { column: 'p90_seconds', label: '9 of 10 at most', tone: 'violet' },
        { column: 'median_seconds', label: 'median', tone: 'blue' },
      ]),
    },
    {
      title: 'How long they last',
      caption: 'Sessions of the range by their length.',
      dataset: LENGTHS,
      columns: ['length', 'sessions'],
      draw: (rows) => {
        const all = rows.reduce((sum, row) => sum + (numberIn(row, 'sessions') ?? 0), 0);
        return barList(
          ['length', 'sessions'],
          rows.map((row) => {
            const value = numberIn(row, 'sessions') ?? 0;
            return { name: textIn(row, 'length'), value, note: percent((100 * value) / all) };
          }),
        );
      },
    },
    {
      title: 'When they start',
      caption: 'Sessions of the range by hour of the day; darker is more.',
      wide: true,
      dataset: HOURS,
      columns: ['weekday', 'hour', 'sessions'],
      draw: (rows) => {
        const most = Math.max(...rows.map((row) => numberIn(row, 'sessions') ?? 0));
        return heatMap({
          label: 'Heat map of sessions by day of the week and hour',
          rows: WEEKDAYS,
          columns: Array.from({ length: 24 }, (_, hour) => String(hour)),
          rowTitle: 'day',
          columnTitle: 'hour',
          cells: rows.map((row) => {
            const [weekday, hour] = [numberIn(row, 'weekday') ?? 1, numberIn(row, 'hour') ?? 0];
            const count = numberIn(row, 'sessions') ?? 0;
            return {
              row: weekday - 1,
              column: hour,
              share: count / most,
              text: '',
              told: [
                `${WEEKDAYS[weekday - 1]}, ${hour}:00 to ${hour + 1}:00`,
                `sessions\t${exact(count)}`,
              ],
              live: false,
            };
          }),
        });
      },
    },
    {
      title: 'What users do in their first week',
      caption:
        'Of all users whose first week is complete, the percentage who did it at least once.',
      dataset: FIRST_WEEK,
      columns: ['event_type', 'users', 'reach_pct'],
      draw: (rows) =>
        barList(
          ['event type', 'of users'],
          rows.map((row) => ({
            name: textIn(row, 'event_type'),
            value: numberIn(row, 'reach_pct') ?? 0,
            shown: percent(numberIn(row, 'reach_pct')),
          })),
          100,
        ),
    },
    {
      title: 'Who stays',
      caption:
        'Of users who did it in their first week, the percentage active in their fifth. It goes together; whether it is the cause, it does not say.',
      dataset: FIRST_WEEK,
      columns: ['stayed_with_pct', 'stayed_without_pct'],
      draw: (rows) =>
        barList(
          ['event type', 'stayed'],
          rows.flatMap((row) => {
            const stayed = numberIn(row, 'stayed_with_pct');
            const without = numberIn(row, 'stayed_without_pct');
            if (stayed === null) return [];
            return {
              name: textIn(row, 'event_type'),
              note: `${percent(without)} without it`,
              value: stayed,
              shown: percent(stayed),
              tone: without !== null && stayed < without ? ('amber' as const) : ('teal' as const),
            };
          }),
          100,
        ),
    },
    {
      title: 'Users by month of creation',
      caption: 'How many were created.',
      dataset: STAYED,
      ...bars('activity_month', [{ column: 'users', label: 'users', tone: 'blue' }]),
    },
    {
      title: 'Active in the fifth week',
      caption: 'By month of creation, of those whose fifth week is over.',
      dataset: STAYED,
      ...lines('activity_month', [{ column: 'stayed_pct', label: 'stayed', tone: 'teal' }], {
        unit: 'percent',
      }),
    },
  ],
};
