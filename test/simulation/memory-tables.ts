/**
 * In: Native bytes for a table. Out: the rows that a reader of merged tables would see. What
 * ClickHouse keeps, without its faults.
 */
import { crc32 } from 'node:zlib';
import type {
  AheadRange,
  OutdatedEntityDay,
  ProgressLine,
  RecordTables,
  StoredRecord,
} from '../../src/warehouse/store.ts';
import type { Decision } from './model.ts';
import { readNative } from './native-reader.ts';
import type { Row, Value } from './native-reader.ts';

export interface TableShape {
  /** What identifies a row: the columns of ORDER BY. */
  readonly key: readonly string[];
  /** The column of the version, where a higher one replaces a lower one; else the last insert wins. */
  readonly version?: string;
  readonly columns: Readonly<Record<string, string>>;
}

/** Columns of all, as the migrations declare them, with LowCardinality as plain. */
const MICROS = "DateTime64(6, 'UTC')";
/** Milliseconds; 0 stands for NULL. */
const MARK = 'UInt64';
const place = {
  event_date: 'Date',
  bucket: 'UInt8',
  source: 'String',
  offset: 'UInt64',
  record_time: "Nullable(DateTime64(3, 'UTC'))",
  rules_epoch: 'UInt32',
} as const;
const record = {
  event_id: 'String',
  user_id: 'String',
  event_type: 'String',
  event_time: MICROS,
  platform: 'Nullable(String)',
  utm_source: 'Nullable(String)',
  country: 'Nullable(String)',
  transaction_category: 'Nullable(String)',
  miles_amount: 'Nullable(Int64)',
  producer_session_id: 'Nullable(String)',
  page_url: 'Nullable(String)',
  product_id: 'Nullable(String)',
  order_id: 'Nullable(String)',
  plan_id: 'Nullable(String)',
  feature: 'Nullable(String)',
  properties: 'Map(String, String)',
} as const;

export const appEventTables: Readonly<Record<string, TableShape>> = {
  events_rows: {
    key: ['event_date', 'bucket', 'user_id', 'event_id', 'source'],
    version: 'rules_epoch',
    columns: { ...place, ...record },
  },
  user_day_rows: {
    key: ['event_date', 'bucket', 'user_id', 'source'],
    version: 'version',
    columns: {
      event_date: 'Date',
      bucket: 'UInt8',
      user_id: 'String',
      source: 'String',
      version: 'UInt64',
      events: 'UInt32',
      event_counts: 'Map(String, UInt32)',
      first_event_at: MICROS,
      last_event_at: MICROS,
      first_event_id: 'String',
      first_platform: 'Nullable(String)',
      first_utm_source: 'Nullable(String)',
      first_country: 'Nullable(String)',
      platforms: 'Array(String)',
      platform_counts: 'Map(Tuple(String, String), UInt32)',
      miles_earned: 'Int64',
      miles_redeemed: 'Int64',
      miles_earned_events: 'UInt32',
      miles_redeemed_events: 'UInt32',
      session_fragments: `Array(Tuple(start ${MICROS}, end ${MICROS}, events UInt32, event_counts Map(String, UInt32)))`,
      miles_ledger: `Array(Tuple(time ${MICROS}, event_id String, delta Int64))`,
    },
  },
  late_events_rows: {
    key: ['source', 'offset'],
    version: 'applied_at',
    columns: { ...place, ...record, days_late: 'UInt16', applied_at: MARK },
  },
  rejected_events_rows: {
    key: ['stream', 'source', 'offset'],
    version: 'replayed_at',
    columns: {
      stream: 'String',
      source: 'String',
      offset: 'UInt64',
      record_time: place.record_time,
      rules_epoch: place.rules_epoch,
      outcome: 'String',
      reason: 'String',
      key: 'Nullable(String)',
      bytes: 'Nullable(String)',
      fields: 'String',
      replayed_at: MARK,
    },
  },
  event_types: {
    key: ['event_type'],
    columns: { event_type: 'String', updated_at: "DateTime64(3, 'UTC')" },
  },
};

/** Tables with a row for a record. */
const RECORD_TABLES = ['events_rows', 'late_events_rows', 'rejected_events_rows'];

type Table = Map<string, Row>;

export class MemoryTables {
  readonly shapes: Readonly<Record<string, TableShape>>;
  #tables: Map<string, Table>;
  #lines = new Map<string, ProgressLine>();

  constructor(shapes: Readonly<Record<string, TableShape>>) {
    this.shapes = shapes;
    this.#tables = new Map(Object.keys(shapes).map((name) => [name, new Map()]));
  }

  rows(table: string): Row[] {
    return [...this.#table(table).values()];
  }

  /** Parses and checks; the rows are complete: what a block leaves out has its default. */
  parse(table: string, bytes: Buffer): Row[][] {
    const { columns } = this.#shape(table);
    return readNative(bytes).map((block) => {
      for (const [name, type] of Object.entries(block.types)) {
        if (columns[name] !== type) {
          throw new Error(`${table}.${name} is ${columns[name] ?? 'unknown'}, inserted as ${type}`);
        }
      }
      const absent = Object.keys(columns).filter((name) => !(name in block.types));
      const defaults = Object.fromEntries(absent.map((name) => [name, byDefault(columns[name])]));
      return block.rows.map((row) => ({ ...row, ...defaults }));
    });
  }

  put(table: string, rows: readonly Row[]): void {
    const { key, version } = this.#shape(table);
    const stored = this.#table(table);
    for (const row of rows) {
      const identity = JSON.stringify(key.map((column) => row[column]));
      const held = stored.get(identity);
      if (version !== undefined && held !== undefined) {
        if (Number(held[version]) > Number(row[version])) continue;
      }
      stored.set(identity, row);
    }
  }

  line(source: string): ProgressLine | undefined {
    return this.#lines.get(source);
  }

  /** Of `log`, `log@2`, …: the line of the newest generation. */
  newestLine(stream: string, log: string): ProgressLine | undefined {
    const generation = (source: string): number => {
      if (source === log) return 1;
      return source.startsWith(`${log}@`) ? Number(source.slice(log.length + 1)) || 0 : 0;
    };
    const lines = [...this.#lines.values()].filter(
      (line) => line.stream === stream && generation(line.source) > 0,
    );
    return lines.toSorted((a, b) => generation(b.source) - generation(a.source))[0];
  }

  get lines(): readonly ProgressLine[] {
    return [...this.#lines.values()];
  }

  putLine(line: ProgressLine): void {
    const held = this.#lines.get(line.source);
    if (held !== undefined && isNewer(held, line)) return;
    this.#lines.set(line.source, { ...line });
  }

  loseLine(source: string): void {
    this.#lines.delete(source);
  }

  /** The rows of a source at or after an offset. */
  from(table: string, source: string, offset: number): Row[] {
    return this.rows(table).filter(
      (row) => row['source'] === source && Number(row['offset']) >= offset,
    );
  }

  /** Rows of records of a source at or after an offset, whatever became of them. */
  ahead(source: string, offset: number): Row[] {
    return RECORD_TABLES.flatMap((table) => this.from(table, source, offset));
  }

  remove(table: string, doomed: readonly Row[]): void {
    const stored = this.#table(table);
    const gone = new Set(doomed);
    for (const [identity, row] of stored) if (gone.has(row)) stored.delete(identity);
  }

  /** A copy, as a backup is. */
  copy(): MemoryTables {
    const copy = new MemoryTables(this.shapes);
    copy.restore(this);
    return copy;
  }

  restore(backup: MemoryTables): void {
    this.#tables = new Map([...backup.#tables].map(([name, table]) => [name, new Map(table)]));
    this.#lines = new Map(backup.#lines);
  }

  #shape(table: string): TableShape {
    const shape = this.shapes[table];
    if (shape === undefined) throw new Error(`no table ${table}`);
    return shape;
  }

  #table(table: string): Table {
    this.#shape(table);
    return this.#tables.get(table) as Table;
  }
}

export function outdatedEntityDay(row: Row): OutdatedEntityDay {
  return {
    day: Number(row['event_date']),
    bucket: Number(row['bucket']),
    entity: Buffer.from(row['user_id'] as string, 'latin1'),
  };
}

/** What rows of records say that became of them, by offset; of those made under the rules of an epoch. */
export function outcomesOf(rows: readonly Row[], epoch: number): Map<number, Decision['outcome']> {
  const made = rows.filter((row) => row['rules_epoch'] === epoch);
  return new Map(made.map((row) => [Number(row['offset']), outcomeOf(row)]));
}

function outcomeOf(row: Row): Decision['outcome'] {
  if (row['outcome'] !== undefined) return row['outcome'] as 'future' | 'invalid';
  return row['days_late'] === undefined ? 'accepted' : 'late';
}

/** What the tables hold of the records of a range, in the words of the port. */
export function storedRecords(
  memory: MemoryTables,
  { accepted, late, rejected }: RecordTables,
  { source, offset, before }: AheadRange,
): StoredRecord[] {
  const rows = (table: string): Row[] =>
    memory.from(table, source, offset).filter((row) => Number(row['offset']) < before);
  const event = (row: Row, outcome: 'accepted' | 'late'): StoredRecord => ({
    outcome,
    offset: Number(row['offset']),
    ...outdatedEntityDay(row),
    id: Buffer.from(row['event_id'] as string, 'latin1'),
  });
  return [
    ...rows(accepted).map((row) => event(row, 'accepted')),
    ...(late === null ? [] : rows(late).map((row) => event(row, 'late'))),
    ...rows(rejected).map((row) => ({
      outcome: row['outcome'] as 'future' | 'invalid',
      offset: Number(row['offset']),
      reason: String(row['reason']),
      checksum: crc32(Buffer.from((row['bytes'] ?? '') as string, 'latin1')),
    })),
  ];
}

function isNewer(a: ProgressLine, b: ProgressLine): boolean {
  if (a.rulesEpoch !== b.rulesEpoch) return a.rulesEpoch > b.rulesEpoch;
  return a.nextOffset > b.nextOffset;
}

function byDefault(type = ''): Value {
  if (type.startsWith('Nullable')) return null;
  if (type === 'String') return '';
  return type.startsWith('Map') || type.startsWith('Array') ? [] : 0;
}
