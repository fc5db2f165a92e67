/**
 * In: rows of a file. Out: records of a stream as Avro bytes, by a plan that is made once from the
 * stream's fields, the mapping and the file's columns.
 */
import { createHash } from 'node:crypto';
import { AvroBytes } from './avro-bytes.ts';
import type { CellSource } from './cell-source.ts';
import { encodeAbsent, textOf } from './field-encoders.ts';
import type { Problem } from './field-encoders.ts';
import type { Mapping } from './mapping.ts';
import type { Row, RowFault, RowShape } from './row-file.ts';
import { condition, planFields, unusedColumns } from './row-plan.ts';
import type { PlannedField, RowTarget } from './row-plan.ts';

export type EncodedRow =
  | { readonly kind: 'record'; readonly key: Buffer | null; readonly value: Buffer }
  | { readonly kind: 'fault'; readonly fault: RowFault }
  /** The mapping's `where` leaves the row out. */
  | { readonly kind: 'left_out' };

const LEFT_OUT: EncodedRow = { kind: 'left_out' };
const EXPECTED = {
  string: 'text, or a number of at most 15 digits',
  int: 'a whole number of 32 bits',
  long: 'a whole number of 64 bits',
  decimal: 'a decimal of at most 14 digits and 4 decimals',
  map: 'an object of names and values',
} as const;
const TIME_EXPECTED = {
  iso: 'a time such as 2010-12-01T08:26:00Z or 2010-12-01 08:26:00 (for numbers give a "format")',
  epoch_s: 'seconds since 1970',
  epoch_ms: 'milliseconds since 1970',
  epoch_us: 'microseconds since 1970',
} as const;

/** Encodes the rows of one file. */
export class RowEncoder {
  /** Columns of the file that nothing takes. */
  readonly unused: readonly string[];
  /** Where the record appended last has its key; -1 when it has none. */
  keyStart = -1;
  /** Where its key ends and its value begins. */
  valueStart = 0;
  readonly #target: RowTarget;
  readonly #plan: readonly PlannedField[];
  readonly #takes: ((row: Row) => boolean) | null;
  readonly #prefix: Buffer;
  readonly #key: CellSource;
  readonly #keyMayBeNull: boolean;
  readonly #out = new AvroBytes();
  readonly #scratch = new AvroBytes();
  readonly #hashed = new AvroBytes();

  /**
   * `prefix` goes before each value. Throws a FileError (`wrong_mapping`) that names the field and the
   * file's columns when the mapping does not fit the stream or the file.
   */
  constructor(target: RowTarget, mapping: Mapping, file: RowShape, prefix: Buffer) {
    this.#target = target;
    this.#prefix = prefix;
    this.#plan = planFields(target, mapping, file);
    const key = this.#plan.find(({ field }) => field.name === target.key);
    this.#key = key?.source?.read ?? (() => null);
    this.#keyMayBeNull = key?.field.nullable ?? true;
    this.#takes = condition(mapping, file);
    this.unused = unusedColumns(target, mapping, file);
  }

  encode(row: Row): EncodedRow {
    const out = this.#out;
    out.clear();
    const appended = this.append(row, out);
    if (appended === 'left_out') return LEFT_OUT;
    if (appended !== null) return { kind: 'fault', fault: appended };
    const whole = out.copy();
    return {
      kind: 'record',
      key: this.keyStart === -1 ? null : whole.subarray(this.keyStart, this.valueStart),
      value: whole.subarray(this.valueStart),
    };
  }

  /**
   * The same without a buffer a row: appends the key and then the value, whose places are in `keyStart`
   * and `valueStart`. Nothing is appended for a row that is left out (by the mapping's `where`) or
   * has a fault.
   */
  append(row: Row, out: AvroBytes): RowFault | 'left_out' | null {
    if (row.fault !== null) return row.fault;
    if (this.#takes !== null && !this.#takes(row)) return 'left_out';
    const start = out.length;
    this.keyStart = this.#appendKey(row, out);
    this.valueStart = out.length;
    out.raw(this.#prefix);
    let gap = -1;
    for (const planned of this.#plan) {
      const value = planned.source?.read(row);
      const absent = value === null || value === undefined;
      if (absent && planned.field.name === this.#target.hashed) {
        gap = out.length;
        continue;
      }
      const problem = absent ? encodeAbsent(planned.field, out) : planned.encode(value, out);
      if (problem !== null) {
        out.truncate(start);
        return faultOf(planned, problem, value);
      }
    }
    if (gap !== -1) this.#insertHash(row, out, gap);
    return null;
  }

  #appendKey(row: Row, out: AvroBytes): number {
    const value = this.#key(row);
    const absent = value === null || value === undefined;
    if (absent && this.#keyMayBeNull) return -1;
    const start = out.length;
    if (!absent) out.text(textOf(value) ?? '');
    return start;
  }

  /**
   * Gives the record an id of its own content at `gap`, in the form of a UUID. What is hashed is the name
   * and the bytes of each field that has a value, so that a field added to the schema changes no id.
   */
  #insertHash(row: Row, out: AvroBytes, gap: number): void {
    const content = this.#hashed;
    content.clear();
    for (const { field, source, encode } of this.#plan) {
      const value = source?.read(row);
      if (value === null || value === undefined) continue;
      this.#scratch.clear();
      encode(value, this.#scratch);
      content.string(field.name);
      content.bytes(this.#scratch.view());
    }
    const hash = createHash('sha256').update(content.view()).digest();
    const after = out.copy(gap);
    out.truncate(gap);
    out.string(asUuid(hash));
    out.raw(after);
  }
}

/** Version 8 of RFC 9562: 122 bits of the maker's own. */
function asUuid(hash: Buffer): string {
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function faultOf({ field, source }: PlannedField, problem: Problem, value: unknown): RowFault {
  const code = `${field.name}_${problem}` as const;
  const from = source?.described ?? 'nothing';
  if (problem === 'missing') return { code, detail: `${field.name} has no value in ${from}` };
  const shown = JSON.stringify(textOf(value) ?? Number(value)).slice(0, 60);
  const expected =
    field.kind === 'timestamp' ? TIME_EXPECTED[source?.format ?? 'iso'] : EXPECTED[field.kind];
  return { code, detail: `${field.name} takes ${expected}, and ${from} has ${shown}` };
}
