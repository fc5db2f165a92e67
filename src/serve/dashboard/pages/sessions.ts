/** How long users stay at a time, when they come, and what their first week says of the fifth. */
import { barList } from '../charts/bar-list.ts';
import { heatMap } from '../charts/heat-map.ts';
import type { Dataset } from '../dataset.ts';
import { numberIn, textIn, withinRange } from '../dataset.ts';
import { age, exact, percent } from '../numbers.ts';
import type { Page } from '../page.ts';
import { bars, lines } from '../time-figure.ts';

const OF_SESSIONS = {
  sessions: 'Sessions that started on the day: runs of events without a gap above the session gap',
  users: 'Distinct users with a session that started on the day',
  sessions_per_user: 'Sessions / users with one',
  median_seconds: 'Half of the sessions with two events or more last at most so long',
  p90_seconds: 'Nine of ten sessions with two events or more last at most so long',
  events_per_session: 'Mean number of events in a session, without server-side ones',
};

const TOTALS: Dataset = {
  name: 'sessions',
  description: 'One row: the sessions of the range.',
  views: ['sessions'],
  meanings: OF_SESSIONS,
  sql: `SELECT
    count() AS sessions,
    uniqExact(user_id) AS users,
    sessions / users AS sessions_per_user,
    quantileExactIf(0.5)(duration_seconds, events > 1) AS median_seconds,
    avg(events) AS events_per_session
FROM sessions
WHERE ${withinRange('event_date')}
HAVING sessions > 0`,
};

const BY_DAY: Dataset = {
  name: 'sessions-by-day',
  description: 'One row per day: the sessions that started on it.',
  views: ['growth_metrics'],
  meanings: OF_SESSIONS,
  sql: `SELECT
    g.event_date AS event_date,
    s.sessions AS sessions,
    s.users AS users,
    s.median_seconds AS median_seconds,
    s.p90_seconds AS p90_seconds,
    s.events_per_session AS events_per_session,
    g.is_complete AS is_complete
FROM growth_metrics AS g
LEFT JOIN
(
    SELECT
        event_date,
        count() AS sessions,
        uniqExact(user_id) AS users,
        quantileExactIfOrNull(0.5)(duration_seconds, events > 1) AS median_seconds,
        quantileExactIfOrNull(0.9)(duration_seconds, events > 1) AS p90_seconds,
        toNullable(avg(events)) AS events_per_session
    FROM sessions
    GROUP BY event_date
) AS s ON s.event_date = g.event_date
WHERE ${withinRange('g.event_date')}
ORDER BY event_date`,
};

const LENGTHS: Dataset = {
  name: 'session-lengths',
  description: 'One row per length: sessions of the range that last so long.',
  views: ['sessions'],
  meanings: {
    length: 'From the first to the last event of the session',
    sessions: 'Number of sessions',
  },
  sql: `SELECT
    multiIf(
        events = 1, (0, 'a single event'),
        duration_seconds < 60, (1, 'below 1 min'),
        duration_seconds < 300, (2, '1 to 5 min'),
        duration_seconds < 900, (3, '5 to 15 min'),
        duration_seconds < 1800, (4, '15 to 30 min'),
        duration_seconds < 3600, (5, '30 to 60 min'),
        (6, 'an hour or more')
    ) AS place,
    place.2 AS length,
    count() AS sessions
FROM sessions
WHERE ${withinRange('event_date')}
GROUP BY place
ORDER BY place`,
};

const HOURS: Dataset = {
  name: 'session-hours',
  description: 'One row per day of the week and hour: sessions of the range that started then.',
  views: ['sessions'],
  meanings: {
    weekday: '1 = Monday to 7 = Sunday',
    hour: 'Hour of the day in the configured time zone, 0 to 23',
    sessions: 'Number of sessions that started then',
  },
  sql: `WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    toDayOfWeek(started_at, 0, zone) AS weekday,
    toHour(started_at, zone) AS hour,
    count() AS sessions
FROM sessions
WHERE ${withinRange('event_date')}
GROUP BY weekday, hour
ORDER BY weekday, hour`,
};

const FIRST_WEEK: Dataset = {
  name: 'first-week',
  description:
    'One row per event type: how many users did it in their first week, and how many of those with and without it stayed. Of users whose first week is complete.',
  views: ['dim_user_early_engagement'],
  meanings: {
    event_type: 'What they did on the first seven days',
    users: 'Users who did it',
    reach_pct: 'In percent of all users whose first week is complete',
    stayed_with_pct:
      'Of those who did it and whose fifth week is over: in percent, who were active on days 22 to 28 (see is_retained_4_weeks)',
    stayed_without_pct: 'The same of those who did not do it',
  },
  sql: `WITH
    (
        SELECT (count(), countIf(is_retained_4_weeks IS NOT NULL), countIf(is_retained_4_weeks = 1))
        FROM dim_user_early_engagement
        WHERE f7d_complete
    ) AS everybody
SELECT
    event_type,
    count() AS users,
    100 * users / everybody.1 AS reach_pct,
    countIf(is_retained_4_weeks IS NOT NULL) AS known,
    countIf(is_retained_4_weeks = 1) AS stayed,
    100 * stayed / nullIf(known, 0) AS stayed_with_pct,
    100 * (everybody.3 - stayed) / nullIf(everybody.2 - known, 0) AS stayed_without_pct
FROM dim_user_early_engagement
ARRAY JOIN mapKeys(event_counts_f7d) AS event_type
WHERE f7d_complete
GROUP BY event_type
ORDER BY users DESC, event_type
LIMIT 20`,
};

const STAYED: Dataset = {
  name: 'stayed-by-month',
  description: 'One row per month of creation: users, and how many of them stayed.',
  views: ['dim_user_early_engagement'],
  meanings: {
    activity_month: 'Month of creation_date',
    users: 'Users who were created in the month',
    stayed_pct: 'Of those whose fifth week is over: in percent, who were active in it',
    is_complete: 'Whether the fifth week of all of them is over',
  },
  sql: `SELECT
    toStartOfMonth(creation_date) AS activity_month,
    count() AS users,
    100 * countIf(is_retained_4_weeks = 1) / nullIf(countIf(is_retained_4_weeks IS NOT NULL), 0) AS stayed_pct,
    countIf(is_retained_4_weeks IS NULL) = 0 AS is_complete
FROM dim_user_early_engagement
GROUP BY activity_month
ORDER BY activity_month`,
};

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
