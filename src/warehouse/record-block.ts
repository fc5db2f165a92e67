import { AvroMapStrings } from '../decode/avro-map.ts';
import type { RecordField, RecordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
import type { ByteSink } from './byte-sink.ts';
import { NativeBlock, nativeColumn, type NativeColumn } from './native-block.ts';

const TYPES: Record<RecordField['kind'], string> = {
  string: 'String',
  int: 'Int32',
  long: 'Int64',
  timestamp: "DateTime64(6, 'UTC')",
  decimal: 'Decimal(18, 4)',
  map: 'Map(String, String)',
};

/** Where a stored record came from and where it belongs. */
export interface Envelope {
  readonly source: string;
  readonly offset: number;
  /** Milliseconds since 1970, or -1. */
  readonly recordTime: number;
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly bucket: number;
}

/**
 * A block of records as they are kept: the schema's fields and their envelope, copied from the decoded
 * bytes into columns. A column that is empty in all rows is not written at all.
 */
export class RecordBlock {
  readonly #block: NativeBlock;
  readonly #fields: readonly FieldColumn[];
  readonly #days: NativeColumn;
  readonly #buckets: NativeColumn;
  readonly #sources: NativeColumn;
  readonly #offsets: NativeColumn;
  readonly #times: NativeColumn;
  readonly #epochs: NativeColumn;
  readonly #daysLate: NativeColumn | null;
  readonly #epoch: number;

  /** `epoch`: of the rules that made the rows. `late`: they also say by how many days they are late. */
  constructor(schema: RecordSchema, epoch: number, late: boolean) {
    this.#epoch = epoch;
    this.#fields = schema.fields.map((field) => new FieldColumn(field));
    this.#days = nativeColumn('event_date', 'Date');
    this.#buckets = nativeColumn('bucket', 'UInt8');
    this.#sources = nativeColumn('source', 'String');
    this.#offsets = nativeColumn('offset', 'UInt64');
    this.#times = nativeColumn('record_time', "Nullable(DateTime64(3, 'UTC'))", 2);
    this.#epochs = nativeColumn('rules_epoch', 'UInt32');
    this.#daysLate = late ? nativeColumn('days_late', 'UInt16') : null;
    this.#block = new NativeBlock([
      this.#days,
      this.#buckets,
      this.#sources,
      this.#offsets,
      this.#times,
      this.#epochs,
      ...(this.#daysLate === null ? [] : [this.#daysLate]),
      ...this.#fields.map((field) => field.column),
    ]);
  }

  get rows(): number {
    return this.#block.rows;
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  append(slots: Slots, envelope: Envelope, daysLate = 0): void {
    const row = this.#block.rows++;
    this.#days.sinks[0]!.uint16(envelope.day);
    this.#buckets.sinks[0]!.uint8(envelope.bucket);
    this.#sources.sinks[0]!.byteString(envelope.source);
    this.#offsets.sinks[0]!.int64(envelope.offset);
    const { recordTime } = envelope;
    this.#times.sinks[0]!.uint8(recordTime < 0 ? 1 : 0);
    this.#times.sinks[1]!.int64(recordTime < 0 ? 0 : recordTime);
    this.#epochs.sinks[0]!.uint32(this.#epoch);
    this.#daysLate?.sinks[0]!.uint16(daysLate);
    const fields = this.#fields;
    for (let field = 0; field < fields.length; field++) fields[field]!.append(row, slots, field);
  }

  pieces(): Buffer[] {
    const omitted = new Set<NativeColumn>();
    for (const field of this.#fields)
      if (!field.finish(this.#block.rows)) omitted.add(field.column);
    return this.#block.pieces(omitted);
  }

  clear(): void {
    this.#block.clear();
    for (const field of this.#fields) field.clear();
  }
}

const STRING = 0;
const INT = 1;
const LONG = 2;
const DECIMAL = 3;
const MAP = 4;
const KINDS = { string: STRING, int: INT, long: LONG, timestamp: LONG, decimal: DECIMAL, map: MAP };

/**
 * One field's column. Empty values are only counted, and written when a value follows them; in a column
 * that cannot be null, as of a tombstone, they are zeros and empty texts.
 */
class FieldColumn {
  readonly column: NativeColumn;
  readonly #kind: number;
  readonly #nullable: boolean;
  /** The null map of a nullable column; the offsets of a map. */
  readonly #first: ByteSink;
  /** The values, where there is but one stream of them. */
  readonly #values: ByteSink;
  /** Rows written so far; rows after them are empty. */
  #rows = 0;
  #entries = 0;

  constructor({ name, kind, nullable }: RecordField) {
    this.#kind = KINDS[kind];
    this.#nullable = nullable && kind !== 'map';
    const type = TYPES[kind];
    if (kind === 'map') this.column = nativeColumn(name, type, 3);
    else if (nullable) this.column = nativeColumn(name, `Nullable(${type})`, 2);
    else this.column = nativeColumn(name, type);
    this.#first = this.column.sinks[0]!;
    this.#values = this.column.sinks[this.#nullable ? 1 : 0]!;
  }

  append(row: number, slots: Slots, field: number): void {
    const start = slots.start[field]!;
    if (start === -1) return;
    const kind = this.#kind;
    if (kind === MAP && slots.number[field] === 0) return;
    if (this.#rows < row) this.#fill(row);
    this.#rows = row + 1;
    if (this.#nullable) this.#first.uint8(0);
    if (kind === STRING) this.#values.string(slots.bytes[field]!, start, slots.end[field]!);
    else if (kind === LONG) this.#values.int64(slots.number[field]!);
    else if (kind === INT) this.#values.uint32(slots.number[field]!);
    else if (kind === MAP) this.#appendMap(slots.bytes[field]!, start);
    else this.#values.bigEndianInt64(slots.bytes[field]!, start, slots.end[field]!);
  }

  /** Completes the column to `rows` rows; false when it is empty in all of them. */
  finish(rows: number): boolean {
    if (this.#rows === 0 && (this.#nullable || this.#kind === MAP)) return false;
    this.#fill(rows);
    return true;
  }

  clear(): void {
    this.#rows = 0;
    this.#entries = 0;
  }

  #fill(rows: number): void {
    const missing = rows - this.#rows;
    if (missing <= 0) return;
    this.#rows = rows;
    if (this.#kind === MAP) {
      for (let row = 0; row < missing; row++) this.#first.int64(this.#entries);
      return;
    }
    if (this.#nullable) this.#first.fill(1, missing);
    this.#values.fill(0, missing * (this.#kind === STRING ? 1 : this.#kind === INT ? 4 : 8));
  }

  #appendMap(bytes: Buffer, start: number): void {
    const [offsets, keys, values] = this.column.sinks;
    const strings = new AvroMapStrings(bytes, start);
    while (strings.next()) {
      keys!.string(bytes, strings.start, strings.end);
      strings.next();
      values!.string(bytes, strings.start, strings.end);
      this.#entries++;
    }
    offsets!.int64(this.#entries);
  }
}
