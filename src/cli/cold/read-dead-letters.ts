/** In: the database. Out: what was refused or late, counted by why, and single records as they came. */
import type { ClickHouseClient } from '@clickhouse/client';
import avro from 'avsc';
import type { SchemaRegistry } from '../../processor/ports.ts';
import { REASONS } from '../../streams/reasons.ts';
import { selected } from './dead-letter-filter.ts';
import type { DeadLetterFilter } from './dead-letter-filter.ts';
import { isoRowsOf } from '../iso-rows.ts';

export interface DeadLetterGroup {
  readonly stream: string;
  readonly source: string;
  readonly outcome: string;
  readonly reason: string;
  readonly records: number;
  /** How many of them were sent again or applied. */
  readonly done: number;
  readonly first_at: string;
  readonly last_at: string;
  /** The first of the records, for `dead-letters show`. */
  readonly example_offset: number;
}

export interface DeadLetterRecord {
  readonly stream: string;
  readonly source: string;
  readonly offset: number;
  readonly outcome: string;
  readonly reason: string;
  /** The reason in words. */
  readonly meaning: string;
  readonly record_time: string | null;
  readonly stored_at: string;
  /** When it was sent again or applied. */
  readonly done_at: string | null;
  /** Where the fields come from: `stored` with the record, or the `writer`'s schema in the registry. */
  readonly decoded: 'stored' | 'writer' | null;
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** Hexadecimal; null for a record without one, and for late events, which are kept as fields alone. */
  readonly key_hex: string | null;
  readonly value_hex: string | null;
}

/** The most frequent groups first; at most `limit`. */
export async function countDeadLetters(
  client: ClickHouseClient,
  filter: DeadLetterFilter,
  limit: number,
): Promise<DeadLetterGroup[]> {
  const { query, parameters } = selected(filter);
  return rowsOf<DeadLetterGroup>(
    client,
    `SELECT
    stream,
    source,
    outcome,
    reason,
    count() AS records,
    countIf(done_at IS NOT NULL) AS done,
    min(at) AS first_at,
    max(at) AS last_at,
    min(offset) AS example_offset
FROM
(
${query}
)
GROUP BY stream, source, outcome, reason
ORDER BY records DESC, stream, source, outcome, reason
LIMIT {limit: UInt32}`,
    { ...parameters, limit },
  );
}

/** One for each stream that refused the record, and one more if it is late; usually one or none. */
export async function readDeadLetter(
  client: ClickHouseClient,
  registry: SchemaRegistry,
  source: string,
  offset: number,
): Promise<DeadLetterRecord[]> {
  const [rejected, late] = await Promise.all([
    rowsOf<RejectedRow>(client, REJECTED, { source, offset }),
    rowsOf<LateRow>(client, LATE, { source, offset }),
  ]);
  const records: DeadLetterRecord[] = [];
  for (const { fields, ...row } of rejected) {
    const stored = fields === '' ? null : objectOf(fields);
    const decoded = stored ?? (await decodedByWriter(row.value_hex, registry));
    records.push({
      ...row,
      meaning: row.reason in REASONS ? REASONS[row.reason as keyof typeof REASONS] : row.reason,
      decoded: stored !== null ? 'stored' : decoded === null ? null : 'writer',
      fields: decoded,
    });
  }
  for (const { days_late, fields, ...row } of late) {
    records.push({
      ...row,
      outcome: 'late',
      reason: 'late',
      meaning: `its day is ${days_late} days before the watermark's, more than LOOKBACK_DAYS allowed`,
      decoded: 'stored',
      fields: objectOf(fields),
      key_hex: null,
      value_hex: null,
    });
  }
  return records;
}

type RejectedRow = Omit<DeadLetterRecord, 'meaning' | 'decoded' | 'fields'> & {
  readonly fields: string;
};

interface LateRow {
  readonly stream: string;
  readonly source: string;
  readonly offset: number;
  readonly record_time: string | null;
  readonly stored_at: string;
  readonly done_at: string | null;
  readonly days_late: number;
  readonly fields: string;
}

const REJECTED = `
SELECT
    stream,
    source,
    offset,
    outcome,
    reason,
    record_time,
    rejected_at AS stored_at,
    replayed_at AS done_at,
    fields,
    hex(key) AS key_hex,
    hex(bytes) AS value_hex
FROM rejected_events
WHERE source = {source: String} AND offset = {offset: UInt64}
ORDER BY stream`;

const LATE = `
SELECT
    'app-events' AS stream,
    source,
    offset,
    record_time,
    ingested_at AS stored_at,
    applied_at AS done_at,
    days_late,
    toJSONString(CAST(
        tuple(event_id, user_id, event_type, event_time, platform, utm_source, country, transaction_category,
            miles_amount, producer_session_id, page_url, product_id, order_id, plan_id, feature, properties),
        'Tuple(event_id String, user_id String, event_type String, event_time DateTime64(6, \\'UTC\\'),
            platform Nullable(String), utm_source Nullable(String), country Nullable(String),
            transaction_category Nullable(String), miles_amount Nullable(Int64),
            producer_session_id Nullable(String), page_url Nullable(String), product_id Nullable(String),
            order_id Nullable(String), plan_id Nullable(String), feature Nullable(String),
            properties Map(String, String))'
    )) AS fields
FROM late_events
WHERE source = {source: String} AND offset = {offset: UInt64}
UNION ALL
SELECT
    'order-lines' AS stream,
    source,
    offset,
    record_time,
    ingested_at AS stored_at,
    applied_at AS done_at,
    days_late,
    toJSONString(CAST(
        tuple(line_id, invoice_no, nullIf(customer_id, ''), stock_code, description, quantity, unit_price, invoiced_at, country),
        'Tuple(line_id String, invoice_no String, customer_id Nullable(String), stock_code String,
            description Nullable(String), quantity Int32, unit_price Decimal(18, 4),
            invoiced_at DateTime64(6, \\'UTC\\'), country Nullable(String))'
    )) AS fields
FROM late_order_lines_rows FINAL
WHERE source = {source: String} AND offset = {offset: UInt64}`;

/** With the schema that the value itself names, where that is known and the bytes are of it. */
async function decodedByWriter(
  valueHex: string | null,
  registry: SchemaRegistry,
): Promise<Record<string, unknown> | null> {
  const value = Buffer.from(valueHex ?? '', 'hex');
  if (value.length <= 5 || value[0] !== 0) return null;
  try {
    const schema = await registry.schema(value.readInt32BE(1));
    if (schema === undefined) return null;
    const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);
    const decoded: { value: unknown; offset: number } = type.decode(value, 5);
    return decoded.offset === value.length ? objectOf(JSON.stringify(decoded.value)) : null;
  } catch {
    // No registry, or no record of that schema: it is shown as bytes.
    return null;
  }
}

function objectOf(json: string): Record<string, unknown> | null {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

function rowsOf<T>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<T[]> {
  return isoRowsOf<T>(client, { doing: 'read the refused records', query, parameters });
}
