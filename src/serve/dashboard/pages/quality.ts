/** What was refused and why, what came late, and how fresh everything is. */
import { html } from 'hono/html';
import { barList } from '../charts/bar-list.ts';
import type { Dataset, Row } from '../dataset.ts';
import { numberIn, textIn } from '../dataset.ts';
import type { Markup } from '../markup.ts';
import { age, exact, moment, percent } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';
import { bars } from '../time-figure.ts';

const RATES: Dataset = {
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

const REASONS: Dataset = {
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

const REFUSED_BY_DAY: Dataset = {
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

const LATE: Dataset = {
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

const FRESHNESS: Dataset = {
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

const CHECKS: Dataset = {
  name: 'checks',
  description: 'One row per check of the last run of tidemark check, the failed ones first.',
  views: ['check_results'],
  sql: `SELECT check, kind, severity, status, failing, reason, at
FROM check_results
WHERE run_id = (SELECT argMax(run_id, at) FROM check_results)
ORDER BY status = 'ok', severity = 'warn', failing DESC, check`,
};

const LINES: Dataset = {
  name: 'order-line-kinds',
  description: 'One row per kind of order line: where every line went.',
  views: ['order_line_reconciliation'],
  meanings: { lines: 'Number of lines of the kind', line_kind: 'What the line is, first match' },
  sql: `SELECT line_kind, count() AS lines
FROM order_lines
GROUP BY line_kind
ORDER BY lines DESC`,
};

export const quality: Page = {
  path: '/quality',
  title: 'Data quality',
  intro: 'What was refused and why, what came late, and how fresh everything is.',
  filledBy: 'There has been no such record.',
  tiles: {
    dataset: RATES,
    of: (row) => [
      {
        label: 'accepted',
        value: percent(numberIn(row, 'accepted_pct')),
        note: `of ${exact(numberIn(row, 'records'))} records`,
        column: 'accepted_pct',
      },
      {
        label: 'duplicates',
        value: percent(numberIn(row, 'duplicate_pct')),
        column: 'duplicate_pct',
      },
      { label: 'late', value: percent(numberIn(row, 'late_pct')), column: 'late_pct' },
      {
        label: 'refused',
        value: percent(numberIn(row, 'refused_pct')),
        note: 'invalid or from the future',
        column: 'refused_pct',
      },
      {
        label: 'skipped',
        value: exact(numberIn(row, 'skipped')),
        column: 'skipped',
        ...((numberIn(row, 'skipped') ?? 0) > 0 ? { tone: 'bad' as const } : {}),
      },
    ],
  },
  figures: [
    {
      title: 'Why records were refused',
      caption: 'By reason. npx tidemark dead-letters shows them and sends them again.',
      dataset: REASONS,
      columns: ['outcome', 'reason', 'records', 'replayed'],
      draw: (rows) =>
        barList(
          ['reason', 'records'],
          rows.map((row) => {
            const replayed = numberIn(row, 'replayed') ?? 0;
            return {
              name: textIn(row, 'reason'),
              meaning: `${textIn(row, 'outcome')}, in ${textIn(row, 'stream')}`,
              note: replayed > 0 ? `${exact(replayed)} sent again` : undefined,
              value: numberIn(row, 'records') ?? 0,
              tone: textIn(row, 'outcome') === 'future' ? ('violet' as const) : ('amber' as const),
            };
          }),
        ),
    },
    {
      title: 'How late events were',
      caption: 'Days behind the watermark. npx tidemark reprocess --late applies them.',
      dataset: LATE,
      columns: ['days_late', 'events', 'applied'],
      draw: (rows) =>
        barList(
          ['days late', 'events'],
          rows.map((row) => ({
            name: `${textIn(row, 'days_late')} days`,
            note: `${exact(numberIn(row, 'applied'))} applied`,
            value: numberIn(row, 'events') ?? 0,
          })),
        ),
    },
    {
      title: 'Refused by day',
      caption: 'By the day on which they were refused.',
      dataset: REFUSED_BY_DAY,
      ...bars('event_date', [
        { column: 'invalid', label: 'invalid', tone: 'amber' },
        { column: 'future', label: 'from the future', tone: 'violet' },
      ]),
    },
    {
      title: 'Order lines by kind',
      caption: 'Only sales count for customers; every line is kept.',
      dataset: LINES,
      columns: ['line_kind', 'lines'],
      draw: (rows) =>
        barList(
          ['kind', 'lines'],
          rows.map((row) => ({
            name: textIn(row, 'line_kind').replaceAll('_', ' '),
            value: numberIn(row, 'lines') ?? 0,
            tone: textIn(row, 'line_kind') === 'sale' ? ('teal' as const) : ('grey' as const),
          })),
        ),
    },
    {
      title: 'Checks',
      caption:
        'Of the last run of npx tidemark check: what failed, and how many hold by their kind.',
      wide: true,
      dataset: CHECKS,
      columns: ['kind', 'severity', 'status', 'failing'],
      draw: checkTable,
    },
    {
      title: 'Freshness',
      caption: 'When something was last read of each stream, and when it had happened.',
      wide: true,
      dataset: FRESHNESS,
      columns: ['newest_record', 'newest_event', 'stored_at'],
      draw: (rows) =>
        table(
          'freshness',
          [
            { head: 'stream', cell: (row) => textIn(row, 'stream') },
            { head: 'sources', number: true, cell: (row) => exact(numberIn(row, 'sources')) },
            { head: 'newest record', cell: (row) => timeOf(textIn(row, 'newest_record')) },
            { head: 'age', number: true, cell: (row) => age(numberIn(row, 'record_age_seconds')) },
            { head: 'newest event', cell: (row) => timeOf(textIn(row, 'newest_event')) },
            { head: 'age', number: true, cell: (row) => age(numberIn(row, 'event_age_seconds')) },
            { head: 'stored', cell: (row) => timeOf(textIn(row, 'stored_at')) },
          ],
          rows,
        ),
    },
  ],
};

/** Checks that hold are many, and one like the other: a row per kind. */
function checkTable(rows: readonly Row[]): Markup {
  const failed = rows.filter((row) => textIn(row, 'status') !== 'ok');
  const kinds = new Map<string, number>();
  for (const row of rows) {
    const kind = textIn(row, 'kind');
    if (!failed.includes(row)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const holding = [...kinds].map(([kind, count]) => ({
    check: `${exact(count)} of kind ${kind}`,
    status: 'ok',
    failing: 0,
  }));
  return html`<p class="note">Run of ${timeOf(textIn(rows[0] ?? {}, 'at'))}.</p>
    ${table(
      'checks',
      [
        { head: 'check', cell: (row) => textIn(row, 'check') },
        {
          head: 'status',
          cell: (row) => {
            const status = textIn(row, 'status');
            const isBad = status !== 'ok' && textIn(row, 'severity') === 'error';
            return isBad ? html`<b class="bad-text">${status}</b>` : status;
          },
        },
        { head: 'severity', cell: (row) => textIn(row, 'severity') },
        { head: 'failing rows', number: true, cell: (row) => exact(numberIn(row, 'failing')) },
        { head: 'why', cell: (row) => textIn(row, 'reason') },
      ],
      [...failed, ...holding],
    )}`;
}

function timeOf(time: string): string {
  return time === '' ? 'none' : moment(new Date(time));
}
