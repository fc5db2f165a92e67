/** Progress lines in `source_progress_rows`: lines in, rows stored; a log in, its newest line out. */
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { ProgressLine } from './store.ts';

export interface RequestOptions {
  readonly signal: AbortSignal | undefined;
  readonly settings: ClickHouseSettings | undefined;
}

/** A line as JSON; times as numbers of their column's unit, which JSON input would take for seconds. */
interface Row {
  stream: string;
  source: string;
  next_offset: number;
  watermark_us: number | null;
  accepted: number;
  duplicate: number;
  late: number;
  future: number;
  invalid: number;
  skipped: number;
  counted_from: number;
  last_offset: number | null;
  last_record_time_ms: number | null;
  last_checksum: number | null;
  rules_epoch: number;
}

const COUNTS = `
    accepted,
    duplicate,
    late,
    future,
    invalid,
    skipped,
    counted_from,
    last_offset,
    last_checksum,
    rules_epoch`;

export async function insertProgress(
  client: ClickHouseClient,
  lines: readonly ProgressLine[],
  { signal, settings }: RequestOptions,
): Promise<void> {
  const rows = lines.map((line) => JSON.stringify(rowOf(line))).join('\n');
  await client.command({
    query: `
INSERT INTO source_progress_rows (
    stream,
    source,
    next_offset,
    watermark,
    last_record_time,${COUNTS}
)
SELECT
    stream,
    source,
    next_offset,
    fromUnixTimestamp64Micro(watermark_us, 'UTC'),
    fromUnixTimestamp64Milli(last_record_time_ms, 'UTC'),${COUNTS}
FROM input('stream String, source String, next_offset UInt64, watermark_us Nullable(Int64),
    accepted UInt64, duplicate UInt64, late UInt64, future UInt64, invalid UInt64, skipped UInt64,
    counted_from UInt64, last_offset Nullable(UInt64), last_record_time_ms Nullable(Int64),
    last_checksum Nullable(UInt32), rules_epoch UInt32')
FORMAT JSONEachRow
${rows}`,
    clickhouse_settings: settings ?? {},
    ...(signal && { abort_signal: signal }),
  });
}

export async function selectProgress(
  client: ClickHouseClient,
  stream: string,
  log: string,
  { signal, settings }: RequestOptions,
): Promise<ProgressLine | undefined> {
  const result = await client.query({
    query: `
WITH if(source = {log: String}, 1, toUInt64OrZero(substring(source, length({log: String}) + 2))) AS generation
SELECT
    stream,
    source,
    next_offset,
    toUnixTimestamp64Micro(watermark) AS watermark_us,
    toUnixTimestamp64Milli(last_record_time) AS last_record_time_ms,${COUNTS}
FROM source_progress_rows
WHERE stream = {stream: String}
    AND (source = {log: String} OR startsWith(source, concat({log: String}, '@')) AND generation > 0)
ORDER BY
    generation DESC,
    version DESC,
    updated_at DESC
LIMIT 1`,
    query_params: { stream, log },
    format: 'JSONEachRow',
    clickhouse_settings: { ...settings, output_format_json_quote_64bit_integers: 0 },
    ...(signal && { abort_signal: signal }),
  });
  const [row] = await result.json<Row>();
  return row && lineOf(row);
}

function rowOf(line: ProgressLine): Row {
  return {
    stream: line.stream,
    source: line.source,
    next_offset: line.nextOffset,
    watermark_us: line.watermark,
    accepted: line.accepted,
    duplicate: line.duplicate,
    late: line.late,
    future: line.future,
    invalid: line.invalid,
    skipped: line.skipped,
    counted_from: line.countedFrom,
    last_offset: line.lastOffset,
    last_record_time_ms: line.lastRecordTime,
    last_checksum: line.lastChecksum,
    rules_epoch: line.rulesEpoch,
  };
}

function lineOf(row: Row): ProgressLine {
  return {
    stream: row.stream,
    source: row.source,
    nextOffset: row.next_offset,
    watermark: row.watermark_us,
    accepted: row.accepted,
    duplicate: row.duplicate,
    late: row.late,
    future: row.future,
    invalid: row.invalid,
    skipped: row.skipped,
    countedFrom: row.counted_from,
    lastOffset: row.last_offset,
    lastRecordTime: row.last_record_time_ms,
    lastChecksum: row.last_checksum,
    rulesEpoch: row.rules_epoch,
  };
}
