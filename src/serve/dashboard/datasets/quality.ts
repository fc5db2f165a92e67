/** The queries behind the page of quality: refusals, lateness, checks and freshness. */
import type { Dataset } from '../dataset.ts';

export const RATES: Dataset = {
  name: 'outcome-rates',
  description: 'One row: what share of all records met which outcome.',
  views: [],
  meanings: {
    accepted_pct: 'Accepted records in percent of all that were read',
    duplicate_pct: 'Records whose event had been accepted before, in percent',
    late_pct: 'Records further behind the watermark than the lookback, in percent',
    refused_pct: 'Invalid records and those from the future, in percent',
    skipped: 'Positions that the log had dropped before they were read',
  },
  sql: `SELECT
    sum(accepted + duplicate + late + future + invalid) AS records,
    100 * sum(accepted) / records AS accepted_pct,
    100 * sum(duplicate) / records AS duplicate_pct,
    100 * sum(late) / records AS late_pct,
    100 * sum(future + invalid) / records AS refused_pct,
    sum(skipped) AS skipped
FROM source_progress
HAVING records > 0`,
};

export const REASONS: Dataset = {
  name: 'refusals',
  description: 'One row per stream and reason: records that were refused.',
  views: ['rejected_events'],
  meanings: {
    records: 'Number of records',
    replayed: 'Of these, records that were sent again',
    last_at: 'When the last of them was stored',
  },
  sql: `SELECT
    stream,
    outcome,
    reason,
    count() AS records,
    countIf(replayed_at IS NOT NULL) AS replayed,
    max(rejected_at) AS last_at
FROM rejected_events
GROUP BY stream, outcome, reason
ORDER BY records DESC, stream, reason`,
};

export const REFUSED_BY_DAY: Dataset = {
  name: 'refusals-by-day',
  description: 'One row per day of the last 60: records that were refused on it.',
  views: [],
  meanings: {
    event_date: 'Day on which they were refused, UTC',
    invalid: 'Records that broke a rule',
    future: 'Records ahead of their time',
  },
  sql: `SELECT
    toDate(rejected_at, 'UTC') AS event_date,
    countIf(outcome = 'invalid') AS invalid,
    countIf(outcome = 'future') AS future
FROM rejected_events
WHERE toDate(rejected_at, 'UTC') > toDate(now('UTC')) - 60
GROUP BY event_date
ORDER BY event_date WITH FILL FROM toDate(now('UTC')) - 59 TO toDate(now('UTC')) + 1`,
};

export const LATE: Dataset = {
  name: 'late-events',
  description: 'One row per number of days: events that came so late.',
  views: ['late_events'],
  meanings: {
    events: 'Number of late events',
    applied: 'Of these, events that were applied on demand',
  },
  sql: `SELECT days_late, count() AS events, countIf(applied_at IS NOT NULL) AS applied
FROM late_events
GROUP BY days_late
ORDER BY days_late
LIMIT 30`,
};

export const FRESHNESS: Dataset = {
  name: 'freshness',
  description: 'One row per stream: when something was last read and stored.',
  views: ['source_progress'],
  meanings: {
    newest_record: 'Timestamp of the newest record that was read',
    newest_event: 'Largest accepted event time',
    stored_at: 'When progress was last stored',
    record_age_seconds: 'Seconds since newest_record',
    event_age_seconds: 'Seconds since newest_event',
  },
  sql: `SELECT
    stream,
    count() AS sources,
    max(last_record_time) AS newest_record,
    max(watermark) AS newest_event,
    max(updated_at) AS stored_at,
    dateDiff('second', newest_record, now64(3)) AS record_age_seconds,
    dateDiff('second', newest_event, now64(6)) AS event_age_seconds
FROM source_progress
GROUP BY stream
ORDER BY stream`,
};

export const CHECKS: Dataset = {
  name: 'checks',
  description: 'One row per check of the last run of tidemark check, the failed ones first.',
  views: ['check_results'],
  sql: `SELECT check, kind, severity, status, failing, reason, at
FROM check_results
WHERE run_id = (SELECT argMax(run_id, at) FROM check_results)
ORDER BY status = 'ok', severity = 'warn', failing DESC, check`,
};

export const LINES: Dataset = {
  name: 'order-line-kinds',
  description: 'One row per kind of order line: where every line went.',
  views: ['order_line_reconciliation'],
  meanings: { lines: 'Number of lines of the kind', line_kind: 'What the line is, first match' },
  sql: `SELECT line_kind, count() AS lines
FROM order_lines
GROUP BY line_kind
ORDER BY lines DESC`,
};
