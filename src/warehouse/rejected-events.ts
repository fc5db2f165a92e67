/**
 * Refused records that are to be taken in again. In: `rejected_events_rows`. Out: pages of them, and of
 * those that were marked, per source, the log `SOURCE#replay` in the order in which they were.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

export interface RejectedRecord {
  readonly source: string;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** When it was marked, milliseconds since 1970; 0: it is not. */
  readonly replayedAt: number;
}

/** Records of one stream from one source. */
export interface StreamSource {
  readonly stream: string;
  readonly source: string;
}

/** Which records: a query of at least `stream, source, offset`. */
export interface Selection {
  readonly query: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

const ALL_COLUMNS = `stream, source, offset, record_time, rules_epoch, outcome, reason, key, bytes,
    fields, rejected_at`;
const RECORD = `source, toString(offset) AS offset, hex(key) AS key, hex(bytes) AS value,
    toUnixTimestamp64Milli(ifNull(replayed_at, toDateTime64(0, 3, 'UTC'))) AS replayed_at`;

/** How many of a selection there are by stream, source and reason. */
export async function countBySource(
  client: ClickHouseClient,
  { query, parameters }: Selection,
): Promise<readonly { stream: string; source: string; reason: string; count: number }[]> {
  const result = await client.query({
    query: `
SELECT stream, source, reason, toUInt32(count()) AS count
FROM rejected_events
WHERE (stream, source, offset) IN (SELECT stream, source, offset FROM (${query}))
GROUP BY stream, source, reason
ORDER BY stream, source, reason`,
    query_params: parameters,
    format: 'JSONEachRow',
  });
  return result.json();
}

/** Says of the selected records of a source that they are taken in again; all get one time, later than any before. */
export async function markReplayed(
  client: ClickHouseClient,
  { stream, source }: StreamSource,
  { query, parameters }: Selection,
): Promise<void> {
  try {
    await client.command({
      query: `
INSERT INTO rejected_events_rows (${ALL_COLUMNS}, replayed_at)
WITH (
    SELECT greatest(now64(3), ifNull(max(replayed_at) + toIntervalMillisecond(1), now64(3)))
    FROM rejected_events
    WHERE stream = {of_stream: String} AND source = {of_source: String}
) AS at
SELECT ${ALL_COLUMNS}, at
FROM rejected_events_rows FINAL
WHERE stream = {of_stream: String} AND source = {of_source: String} AND replayed_at IS NULL
    AND (stream, source, offset) IN (SELECT stream, source, offset FROM (${query}))`,
      query_params: { ...parameters, of_stream: stream, of_source: source },
    });
  } catch (error) {
    throw warehouseError(error, `mark refused records of ${source}`);
  }
}

/** Those of a source that are selected and not marked yet, from an offset on; at most `limit`. */
export async function readSelected(
  client: ClickHouseClient,
  { stream, source }: StreamSource,
  { query, parameters }: Selection,
  from: number,
  limit: number,
): Promise<readonly RejectedRecord[]> {
  const result = await client.query({
    query: `
SELECT ${RECORD}
FROM rejected_events
WHERE stream = {of_stream: String} AND source = {of_source: String} AND rejected_events.offset >= {of_from: UInt64} AND rejected_events.replayed_at IS NULL
    AND (stream, source, rejected_events.offset) IN (SELECT stream, source, offset FROM (${query}))
ORDER BY rejected_events.offset
LIMIT {of_limit: UInt32}`,
    query_params: {
      ...parameters,
      of_stream: stream,
      of_source: source,
      of_from: from,
      of_limit: limit,
    },
    format: 'JSONEachRow',
  });
  return (await result.json<RecordRow>()).map(recordOf);
}

/** The log of a source, after passing over `from` records. */
export async function* readReplayed(
  client: ClickHouseClient,
  { stream, source }: StreamSource,
  from: number,
): AsyncGenerator<readonly RejectedRecord[]> {
  const result = await client.query({
    query: `
SELECT ${RECORD}
FROM rejected_events
WHERE stream = {stream: String} AND source = {source: String} AND rejected_events.replayed_at IS NOT NULL
ORDER BY rejected_events.replayed_at, rejected_events.offset
LIMIT {most: UInt64} OFFSET {from: UInt64}`,
    query_params: { stream, source, from, most: Number.MAX_SAFE_INTEGER },
    format: 'JSONEachRow',
  });
  for await (const rows of result.stream<RecordRow>()) {
    yield rows.map((row) => recordOf(row.json()));
  }
}

/** Sources of which some records are marked. */
export async function replayedSources(client: ClickHouseClient): Promise<readonly StreamSource[]> {
  const result = await client.query({
    query: `SELECT DISTINCT stream, source FROM rejected_events WHERE replayed_at IS NOT NULL ORDER BY stream, source`,
    format: 'JSONEachRow',
  });
  return result.json<StreamSource>();
}

interface RecordRow {
  readonly source: string;
  readonly offset: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly replayed_at: string | number;
}

function recordOf({ source, offset, key, value, replayed_at }: RecordRow): RejectedRecord {
  return {
    source,
    offset: Number(offset),
    key: key === null ? null : Buffer.from(key, 'hex'),
    value: value === null ? null : Buffer.from(value, 'hex'),
    replayedAt: Number(replayed_at),
  };
}
