/** The queries behind the page of sessions: sessions and first weeks. */
import type { Dataset } from '../dataset.ts';
import { withinRange } from '../dataset.ts';

const OF_SESSIONS = {
  sessions: 'Sessions that started on the day: runs of events without a gap above the session gap',
  users: 'Distinct users with a session that started on the day',
  sessions_per_user: 'Sessions / users with one',
  median_seconds: 'Half of the sessions with two events or more last at most so long',
  p90_seconds: 'Nine of ten sessions with two events or more last at most so long',
  events_per_session: 'Mean number of events in a session, without server-side ones',
};

export const TOTALS: Dataset = {
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

export const BY_DAY: Dataset = {
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

export const LENGTHS: Dataset = {
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

export const HOURS: Dataset = {
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

export const FIRST_WEEK: Dataset = {
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

export const STAYED: Dataset = {
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
