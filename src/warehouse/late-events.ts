/**
 * Late records as logs. In: a stream's table of them. Out: per source the log `SOURCE#late` of those that were
 * marked as applied, in the order in which they were.
 *
 * Marking is what appends to that log, and it comes first: whoever is interrupted afterwards finds the
 * same log again, and goes on from its progress line.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Stream } from '../streams/stream.ts';
import { warehouseError } from './errors.ts';

export interface LateSource {
  readonly source: string;
  /** Late events that are not applied. */
  readonly waiting: number;
  /** Those that are. */
  readonly applied: number;
}

/** Fields of a record in an order, after its time. */
export type LateRow = readonly unknown[];

/** Where the late records of a stream are. */
function lateTable({ name, tables }: Stream): string {
  if (tables.late === null) throw new Error(`nothing of ${name} is ever late`);
  return tables.late;
}

function keptDay({ expires }: Stream): string {
  return expires === true ? OF_KEPT_DAY : 'true';
}

function columnsOf({ stored }: Stream): string {
  const fields = stored.fields.map(({ name }) => name).join(', ');
  return `event_date, bucket, ${fields}, source, offset, record_time, rules_epoch, ingested_at, days_late`;
}

/**
 * An event counts as late once a progress line of its source covers it; before, a change of the rules
 * may still decide otherwise.
 */
const SETTLED = `offset < (
    SELECT max(next_offset) FROM source_progress WHERE stream = {stream: String} AND source = {source: String}
)`;

/** An event of a day whose raw events are gone would be late again. */
const OF_KEPT_DAY = `event_date >= (
    SELECT toDate(ifNull(argMaxOrNull(JSONExtractUInt(rules, 'eventsFrom'), epoch), 0)) FROM rules
)`;

export async function readLateSources(
  client: ClickHouseClient,
  stream: Stream,
): Promise<readonly LateSource[]> {
  const query = `
SELECT source, countIf(applied_at IS NULL AND ${keptDay(stream)}) AS waiting, countIf(applied_at IS NOT NULL) AS applied
FROM ${lateTable(stream)} FINAL
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
    throw warehouseError(error, `read the late records of ${stream.name}`);
  }
}

/** Appends what is waiting to the log of a source. */
export async function markApplied(
  client: ClickHouseClient,
  stream: Stream,
  source: string,
): Promise<void> {
  const table = lateTable(stream);
  const columns = columnsOf(stream);
  const query = `
INSERT INTO ${table} (${columns}, applied_at)
WITH (
    SELECT greatest(now64(3), ifNull(max(applied_at) + toIntervalMillisecond(1), now64(3)))
    FROM ${table} FINAL
    WHERE source = {source: String}
) AS at
SELECT ${columns}, at
FROM ${table} FINAL
WHERE source = {source: String} AND applied_at IS NULL AND ${SETTLED} AND ${keptDay(stream)}`;
  try {
    await client.command({ query, query_params: { stream: stream.name, source } });
  } catch (error) {
    throw warehouseError(error, `mark the late records of ${source}`);
  }
}

/**
 * The log of a source, after passing over `from` records: of each the record's time in milliseconds, or
 * null, and then the fields of the schema; times come as microseconds since 1970, decimals as text.
 */
export async function* readApplied(
  client: ClickHouseClient,
  stream: Stream,
  source: string,
  from: number,
): AsyncGenerator<readonly LateRow[]> {
  const selected = stream.schema.fields.map(({ name, kind }) =>
    kind === 'timestamp' ? `toUnixTimestamp64Micro(${name})` : name,
  );
  const result = await client.query({
    query: `
SELECT toUnixTimestamp64Milli(record_time), ${selected.join(', ')}
FROM ${lateTable(stream)} FINAL
WHERE source = {source: String} AND applied_at IS NOT NULL
ORDER BY applied_at, offset
LIMIT {most: UInt64} OFFSET {from: UInt64}`,
    query_params: { source, from, most: Number.MAX_SAFE_INTEGER },
    format: 'JSONCompactEachRow',
    clickhouse_settings: {
      output_format_json_quote_64bit_integers: 1,
      output_format_json_quote_decimals: 1,
    },
  });
  for await (const rows of result.stream<LateRow>()) yield rows.map((row) => row.json());
}
