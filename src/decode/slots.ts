/**
 * One decoded record, as positions instead of values: for every field of the stream's schema, in its
 * order, where the value lies. One instance is filled again for each record, so nothing is allocated.
 */
export class Slots {
  /** The buffer in which a string, bytes or map value lies; normalised values lie in one of their own. */
  readonly bytes: Buffer[];
  /** Start of the value; -1 when the field is null (numbers: 0 or -1). */
  readonly start: Int32Array;
  /** End (exclusive) of a string, bytes or map value. */
  readonly end: Int32Array;
  /** Value of an int or long; number of entries of a map. Exact: at most 2^53 in magnitude. */
  readonly number: Float64Array;

  constructor(fields: number) {
    this.bytes = new Array<Buffer>(fields).fill(Buffer.alloc(0));
    this.start = new Int32Array(fields).fill(-1);
    this.end = new Int32Array(fields);
    this.number = new Float64Array(fields);
  }

  isNull(field: number): boolean {
    return this.start[field] === -1;
  }

  /** Puts another value in a string field's place. */
  replace(field: number, value: Buffer): void {
    this.bytes[field] = value;
    this.start[field] = 0;
    this.end[field] = value.length;
  }

  text(field: number): string {
    return this.bytes[field]!.toString('utf8', this.start[field], this.end[field]);
  }

  /** The value as a string of its bytes (one character per byte): compares in byte order. */
  byteString(field: number): string {
    return this.bytes[field]!.toString('latin1', this.start[field], this.end[field]);
  }
}
