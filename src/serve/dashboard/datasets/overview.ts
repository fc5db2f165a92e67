/** The queries behind the page of overview: whether events flow, and how far they are. */
import type { Dataset } from '../dataset.ts';
import { withinRange } from '../dataset.ts';

export const TOTALS: Dataset = {
  name: 'totals',
  description: 'One row: how much there is, and up to when.',
  views: ['stream_watermarks', 'growth_metrics'],
  meanings: {
    lag: 'Records of the partitions of this process that are not stored yet',
    accepted: 'Records of all streams that were accepted',
    records: 'Records of all streams that were read',
    users_in_the_red: 'Users whose miles balance is below zero',
    users: 'Users with an accepted event',
    settled_before:
      'The tidemark of app events: days before this one are complete, those from it on are live',
  },
  sql: `SELECT
    (SELECT sum(accepted) FROM source_progress) AS accepted,
    (SELECT sum(accepted + duplicate + late + future + invalid) FROM source_progress) AS records,
    count() AS users,
    countIf(has_negative_balance) AS users_in_the_red,
    (SELECT max(last_day) FROM stream_watermarks WHERE stream = 'app-events') AS last_day,
    (SELECT max(complete_before) FROM stream_watermarks WHERE stream = 'app-events') AS settled_before
FROM dim_users`,
};

export const EVENTS_BY_DAY: Dataset = {
  name: 'events-by-day',
  description: 'One row per day: accepted events of active types.',
  views: ['growth_drivers'],
  sql: `SELECT event_date, total_daily_events, is_complete
FROM growth_drivers
WHERE ${withinRange('event_date')}
ORDER BY event_date`,
};

export const WATERMARKS: Dataset = {
  name: 'watermarks',
  description: 'One row per stream: its watermark and tidemark.',
  views: ['stream_watermarks'],
  sql: `SELECT stream, live_sources, last_day, settled_day, complete_before
FROM stream_watermarks
ORDER BY stream`,
};

export const SOURCES: Dataset = {
  name: 'sources',
  description:
    'One row per source, partitions first, then the files taken in last, 40 at most: how far it is processed, and what became of its records.',
  views: ['source_progress'],
  meanings: { sources: 'How many sources there are' },
  sql: `SELECT
    stream,
    source,
    next_offset,
    watermark,
    accepted,
    duplicate,
    late,
    future,
    invalid,
    skipped,
    updated_at,
    count() OVER () AS sources
FROM source_progress
ORDER BY if(match(source, '^[^/:]+/[0-9]+(@[0-9]+)?$'), NULL, updated_at) DESC NULLS FIRST, stream, source
LIMIT 40`,
};

export const OUTCOMES: Dataset = {
  name: 'outcomes',
  description: 'One row per outcome: how many records of all streams met it.',
  views: [],
  meanings: {
    outcome:
      'accepted = stored and counted once; duplicate = its id was accepted before; late = further behind the watermark than the lookback; future = ahead of its record’s time; invalid = breaks a rule; skipped = the log had dropped it before it was read',
    records: 'Number of records, as the progress lines of all sources add up',
  },
  sql: `SELECT outcome, records
FROM
(
    SELECT
        ['accepted', 'duplicate', 'late', 'future', 'invalid', 'skipped'] AS outcomes,
        [sum(accepted), sum(duplicate), sum(late), sum(future), sum(invalid), sum(skipped)] AS counts
    FROM source_progress
)
ARRAY JOIN outcomes AS outcome, counts AS records
WHERE (SELECT count() FROM source_progress) > 0`,
};

export const REFRESHES: Dataset = {
  name: 'refreshes',
  description: 'One row per stored table behind the views: how fresh it is.',
  views: ['mart_refreshes'],
  meanings: { age_seconds: 'Seconds since it was last known to be up to date' },
  sql: `SELECT
    mart,
    refreshed_at,
    dateDiff('second', refreshed_at, now64(3)) AS age_seconds,
    seconds,
    error
FROM mart_refreshes
ORDER BY error = '', age_seconds DESC, mart`,
};
