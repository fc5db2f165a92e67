/**
 * Late and refused records in the tables as logs: marking appends to them. In: tables. Out: the
 * records of `SOURCE#late` and `SOURCE#replay`, in the order in which they were marked.
 */
import { NOTHING_SENT } from './log.ts';
import type { LogRecord, SentEvent } from './log.ts';
import type { MemoryTables } from './memory-tables.ts';
import type { Row, Value } from './native-reader.ts';
import type { Random } from './random.ts';
import { encode, fullSchema } from './writer-schemas.ts';

export interface Mark {
  readonly table: string;
  readonly column: string;
}

export const APPLIED: Mark = { table: 'late_events_rows', column: 'applied_at' };
export const REPLAYED: Mark = { table: 'rejected_events_rows', column: 'replayed_at' };

export function sourcesOf(tables: MemoryTables, { table }: Mark): string[] {
  return [...new Set(tables.rows(table).map((row) => String(row['source'])))].sort();
}

/** Late events count as late once a line covers them. */
export function waiting(tables: MemoryTables, { table, column }: Mark, source: string): Row[] {
  const covered = tables.line(source)?.nextOffset ?? 0;
  const limit = table === APPLIED.table ? covered : Infinity;
  return tables
    .from(table, source, 0)
    .filter((row) => row[column] === 0 && Number(row['offset']) < limit);
}

/** `some`: only a part, as an insert leaves behind that failed half-way. */
export function mark(
  tables: MemoryTables,
  kind: Mark,
  source: string,
  now: number,
  some?: Random,
): void {
  const { table, column } = kind;
  const marks = tables.from(table, source, 0).map((row) => Number(row[column]));
  const at = Math.max(now, ...marks.map((one) => one + 1));
  const rows = waiting(tables, kind, source).filter(() => some?.chance(0.5) ?? true);
  tables.put(
    table,
    rows.map((row) => ({ ...row, [column]: at })),
  );
}

function marked(tables: MemoryTables, { table, column }: Mark, source: string): Row[] {
  const rows = tables.from(table, source, 0).filter((row) => row[column] !== 0);
  const order = (row: Row): [number, number] => [Number(row[column]), Number(row['offset'])];
  return rows.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1]);
}

export function lateRecords(tables: MemoryTables, source: string): LogRecord[] {
  return marked(tables, APPLIED, source).map((row, offset) => {
    const event = sentEvent(row);
    const time = row['record_time'] === null ? -1 : Number(row['record_time']);
    return {
      offset,
      time,
      key: Buffer.from(event.user_id),
      value: encode(event, fullSchema),
      headers: [],
      fault: null,
      truth: { kind: 'event', event },
    };
  });
}

/** `original`: the records that were refused, by their offset. */
export function replayRecords(
  tables: MemoryTables,
  source: string,
  original: (offset: number) => LogRecord,
): LogRecord[] {
  return marked(tables, REPLAYED, source).map((row, offset) => ({
    offset,
    time: Number(row['replayed_at']),
    key: bytes(row['key']),
    value: bytes(row['bytes']),
    headers: [],
    fault: null,
    truth: original(Number(row['offset'])).truth,
  }));
}

function bytes(value: Value | undefined): Buffer | null {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : null;
}

function text(value: Value | undefined): string {
  return bytes(value)?.toString('utf8') ?? '';
}

function sentEvent(row: Row): SentEvent {
  const fields = Object.keys(NOTHING_SENT).map((name) => {
    const value = row[name] ?? null;
    return [name, typeof value === 'string' ? text(value) : value];
  });
  const properties = row['properties'] as readonly (readonly [Value, Value])[];
  return {
    ...(Object.fromEntries(fields) as typeof NOTHING_SENT),
    event_id: text(row['event_id']),
    user_id: text(row['user_id']),
    event_type: text(row['event_type']),
    event_time: Number(row['event_time']),
    properties: Object.fromEntries(properties.map(([name, value]) => [text(name), text(value)])),
  };
}
