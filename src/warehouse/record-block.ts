import { AvroMapStrings } from '../decode/avro-map.ts';
import type { RecordField, RecordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
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

/** One field's column. Empty values are only counted, and written when a value follows them. */
class FieldColumn {
  readonly column: NativeColumn;
  readonly #kind: RecordField['kind'];
  readonly #nullable: boolean;
  /** Rows written so far; rows after them are empty. */
  #rows = 0;
  #entries = 0;

  constructor({ name, kind, nullable }: RecordField) {
    this.#kind = kind;
    this.#nullable = nullable;
    const type = TYPES[kind];
    if (kind === 'map') this.column = nativeColumn(name, type, 3);
    else if (nullable) this.column = nativeColumn(name, `Nullable(${type})`, 2);
    else this.column = nativeColumn(name, type);
  }

  append(row: number, slots: Slots, field: number): void {
    const start = slots.start[field]!;
    const { sinks } = this.column;
    if (this.#kind === 'map') {
      const entries = slots.number[field]!;
      if (start === -1 || entries === 0) return;
      this.#fill(row);
      this.#appendMap(slots.bytes[field]!, start);
    } else {
      if (start === -1) return;
      if (this.#rows < row) this.#fill(row);
      if (this.#nullable) sinks[0]!.uint8(0);
      const values = sinks[this.#nullable ? 1 : 0]!;
      switch (this.#kind) {
        case 'string':
          values.string(slots.bytes[field]!, start, slots.end[field]!);
          break;
        case 'int':
          values.uint32(slots.number[field]!);
          break;
        case 'decimal':
          values.bigEndianInt64(slots.bytes[field]!, start, slots.end[field]!);
          break;
        default:
          values.int64(slots.number[field]!);
      }
    }
    this.#rows = row + 1;
  }

  /** Completes the column to `rows` rows; false when it is empty in all of them. */
  finish(rows: number): boolean {
    if (this.#rows === 0 && (this.#nullable || this.#kind === 'map')) return false;
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
    const { sinks } = this.column;
    if (this.#kind === 'map') {
      for (let row = 0; row < missing; row++) sinks[0]!.int64(this.#entries);
      return;
    }
    sinks[0]!.fill(1, missing);
    sinks[1]!.fill(0, missing * (this.#kind === 'string' ? 1 : this.#kind === 'int' ? 4 : 8));
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
