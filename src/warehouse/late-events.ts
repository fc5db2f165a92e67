/**
 * Late events as logs. In: `late_events_rows`. Out: per source the log `SOURCE#late` of those that were
 * marked as applied, in the order in which they were.
 *
 * Marking is what appends to that log, and it comes first: whoever is interrupted afterwards finds the
 * same log again, and goes on from its progress line.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

export interface LateSource {
  readonly source: string;
  /** Late events that are not applied. */
  readonly waiting: number;
  /** Those that are. */
  readonly applied: number;
}

/** Columns of `late_events_rows` in an order, without the envelope. */
export type LateRow = readonly unknown[];

const ALL_COLUMNS = `event_date, bucket, user_id, event_id, event_time, event_type, platform, utm_source,
    country, transaction_category, miles_amount, producer_session_id, page_url, product_id, order_id,
    plan_id, feature, properties, source, offset, record_time, rules_epoch, ingested_at, days_late`;

/**
 * An event counts as late once a progress line of its source covers it; before, a change of the rules
 * may still decide otherwise.
 */
const SETTLED = `offset < (
    SELECT max(next_offset) FROM source_progress WHERE stream = 'app-events' AND source = {source: String}
)`;

export async function readLateSources(client: ClickHouseClient): Promise<readonly LateSource[]> {
  const query = `
SELECT source, countIf(applied_at IS NULL) AS waiting, countIf(applied_at IS NOT NULL) AS applied
FROM late_events
GROUP BY source
ORDER BY source`;
  try {
    const result = await client.query({ query, format: 'JSONEachRow' });
    const rows = await result.json<{ source: string; waiting: string; applied: string }>();
    return rows.map(({ source, waiting, applied }) => ({
      source,
      waiting: Number(waiting),
      applied: Number(applied),
    }));
  } catch (error) {
    throw warehouseError(error, 'read the late events');
  }
}

/** Appends what is waiting to the log of a source. */
export async function markApplied(client: ClickHouseClient, source: string): Promise<void> {
  const query = `
INSERT INTO late_events_rows (${ALL_COLUMNS}, applied_at)
WITH (
    SELECT greatest(now64(3), ifNull(max(applied_at) + toIntervalMillisecond(1), now64(3)))
    FROM late_events
    WHERE source = {source: String}
) AS at
SELECT ${ALL_COLUMNS}, at
FROM late_events_rows FINAL
WHERE source = {source: String} AND applied_at IS NULL AND ${SETTLED}`;
  try {
    await client.command({ query, query_params: { source } });
  } catch (error) {
    throw warehouseError(error, `mark the late events of ${source}`);
  }
}

export interface AppliedQuery {
  readonly source: string;
  /** Fields of the record; times come as microseconds since 1970. */
  readonly fields: readonly { readonly name: string; readonly kind: string }[];
  /** How many of the log to pass over. */
  readonly from: number;
}

/** The log of a source; each row is the record's time in milliseconds, or null, and then its fields. */
export async function* readApplied(
  client: ClickHouseClient,
  { source, fields, from }: AppliedQuery,
): AsyncGenerator<readonly LateRow[]> {
  const selected = fields.map(({ name, kind }) =>
    kind === 'timestamp' ? `toUnixTimestamp64Micro(${name})` : name,
  );
  const result = await client.query({
    query: `
SELECT toUnixTimestamp64Milli(record_time), ${selected.join(', ')}
FROM late_events_rows FINAL
WHERE source = {source: String} AND applied_at IS NOT NULL
ORDER BY applied_at, offset
LIMIT {most: UInt64} OFFSET {from: UInt64}`,
    query_params: { source, from, most: Number.MAX_SAFE_INTEGER },
    format: 'JSONCompactEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  for await (const rows of result.stream<LateRow>()) yield rows.map((row) => row.json());
}
