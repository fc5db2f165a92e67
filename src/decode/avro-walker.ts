import { isUtf8 } from 'node:buffer';
import type { Reason } from '../streams/reasons.ts';
import type { FieldKind, RecordSchema } from './record-schema.ts';
import type { Slots } from './slots.ts';

const STRING = 0;
const NUMBER = 1;
const BYTES = 2;
const MAP = 3;
const INT = 4;

const OPERATION: Record<FieldKind, number> = {
  string: STRING,
  int: INT,
  long: NUMBER,
  timestamp: NUMBER,
  decimal: BYTES,
  map: MAP,
};

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;

/** Walks the Avro encoding of one record type and notes where its values lie. */
export class AvroWalker {
  readonly #operations: Uint8Array;
  /** Per field: 0 not nullable, 1 null is the first branch of the union, 2 it is the second. */
  readonly #nullability: Uint8Array;
  #position = 0;
  #number = 0;

  constructor(schema: RecordSchema) {
    this.#operations = Uint8Array.from(schema.fields, (field) => OPERATION[field.kind]);
    this.#nullability = Uint8Array.from(schema.fields, (field) =>
      field.nullable ? field.nullBranch + 1 : 0,
    );
  }

  /**
   * Fills the slots from `bytes[from, to)`, which must hold one record and nothing else.
   * Returns why it does not, or null.
   */
  walk(bytes: Buffer, from: number, to: number, slots: Slots): Reason | null {
    const operations = this.#operations;
    const nullability = this.#nullability;
    const { start, end, number } = slots;
    this.#position = from;
    for (let field = 0; field < operations.length; field++) {
      const nullable = nullability[field]!;
      if (nullable !== 0) {
        const branch = bytes[this.#position++];
        if (this.#position > to) return 'truncated';
        if (branch !== 0 && branch !== 2) return 'undecodable';
        if (branch >>> 1 === nullable - 1) {
          start[field] = -1;
          continue;
        }
      }
      const operation = operations[field];
      slots.bytes[field] = bytes;
      if (operation === NUMBER || operation === INT) {
        const reason = this.#readNumber(bytes, to);
        if (reason !== null) return reason;
        if (operation === INT && this.#number !== (this.#number | 0)) return 'number_out_of_range';
        start[field] = 0;
        number[field] = this.#number;
      } else if (operation === MAP) {
        start[field] = this.#position;
        let entries = 0;
        for (;;) {
          let reason = this.#readNumber(bytes, to);
          if (reason !== null) return reason;
          let count = this.#number;
          if (count === 0) break;
          if (count < 0) {
            count = -count;
            reason = this.#readNumber(bytes, to); // the block's size in bytes, for readers that skip
            if (reason !== null) return reason;
          }
          // Every string takes a byte at least, so a false count ends at the record's end.
          for (let string = 0; string < 2 * count; string++) {
            reason = this.#readString(bytes, to, true);
            if (reason !== null) return reason;
          }
          entries += count;
        }
        end[field] = this.#position;
        number[field] = entries;
      } else {
        const reason = this.#readString(bytes, to, operation === STRING);
        if (reason !== null) return reason;
        if (operation === BYTES && this.#number > 8) return 'number_out_of_range';
        start[field] = this.#position - this.#number;
        end[field] = this.#position;
      }
    }
    return this.#position === to ? null : 'trailing_bytes';
  }

  /** Moves over a length and its bytes; leaves the length in #number. */
  #readString(bytes: Buffer, to: number, text: boolean): Reason | null {
    let position = this.#position;
    let length: number;
    const first = bytes[position]!;
    if (first < 0x80 && position < to) {
      if ((first & 1) !== 0) return 'undecodable';
      length = first >>> 1;
      position++;
    } else {
      const reason = this.#readNumber(bytes, to);
      if (reason !== null) return reason;
      length = this.#number;
      if (length < 0) return 'undecodable';
      position = this.#position;
    }
    const end = position + length;
    if (end > to) return 'truncated';
    if (text) {
      let seen = 0;
      for (let at = position; at < end; at++) seen |= bytes[at]!;
      if (seen >= 0x80 && !isUtf8(bytes.subarray(position, end))) return 'invalid_utf8';
    }
    this.#number = length;
    this.#position = end;
    return null;
  }

  /** Reads a zigzag variable-length integer into #number. */
  #readNumber(bytes: Buffer, to: number): Reason | null {
    let position = this.#position;
    // The low 28 bits and the rest are kept apart: both are exact, where one double would not be.
    let low = 0;
    let high = 0;
    let byte: number;
    let shift = 0;
    do {
      if (position >= to) return 'truncated';
      byte = bytes[position++]!;
      low |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 28);
    if (byte >= 0x80) {
      let scale = 1;
      do {
        if (position >= to) return 'truncated';
        if (scale > 2 ** 42) return 'undecodable';
        byte = bytes[position++]!;
        high += (byte & 0x7f) * scale;
        scale *= 128;
      } while (byte >= 0x80);
    }
    const magnitude = high * 2 ** 27 + (low >>> 1);
    if (magnitude > MAX_INTEGER) return 'number_out_of_range';
    this.#number = (low & 1) === 0 ? magnitude : -magnitude - 1;
    this.#position = position;
    return null;
  }
}
