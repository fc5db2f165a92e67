/** Avro's binary primitives: read with every bound checked, and written to a buffer that grows. */
import { isUtf8 } from 'node:buffer';
import { DecodeError } from './decode-error.ts';

const LONGEST_VARINT = 10;

/** Every method throws a `DecodeError` rather than read outside `bytes`. */
export class AvroInput {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Buffer {
    this.skip(length);
    return this.#bytes.subarray(this.position - length, this.position);
  }

  skip(length: number): void {
    if (length > this.remaining) throw new DecodeError('truncated');
    this.position += length;
  }

  skipVarint(): void {
    const bytes = this.#bytes;
    const from = this.position;
    let at = from;
    while (at < bytes.length && bytes[at]! >= 0x80) at++;
    if (at >= bytes.length) throw new DecodeError('truncated');
    if (at - from >= LONGEST_VARINT) throw new DecodeError('undecodable');
    this.position = at + 1;
  }

  skipSized(): void {
    const length = this.long();
    if (length < 0) throw new DecodeError('undecodable');
    this.skip(length);
  }

  /** A length and as many bytes. */
  sized(): Buffer {
    const length = this.long();
    if (length < 0) throw new DecodeError('undecodable');
    return this.take(length);
  }

  text(): Buffer {
    const text = this.sized();
    if (!isUtf8(text)) throw new DecodeError('invalid_utf8');
    return text;
  }

  boolean(): number {
    const value = this.take(1)[0];
    if (value !== 0 && value !== 1) throw new DecodeError('undecodable');
    return value;
  }

  int(): number {
    const value = this.long();
    if (value !== (value | 0)) throw new DecodeError('number_out_of_range');
    return value;
  }

  /** Throws for a magnitude beyond 2^53 - 1, which a number does not hold exactly. */
  long(): number {
    const bytes = this.#bytes;
    let low = 0;
    // Nearly all numbers are lengths, counts and branches of a few digits.
    for (let at = this.position, shift = 0; at < bytes.length && shift < 28; at++, shift += 7) {
      const digit = bytes[at]!;
      low |= (digit & 0x7f) << shift;
      if (digit < 0x80) {
        this.position = at + 1;
        return (low >>> 1) ^ -(low & 1);
      }
    }
    const number = Number(this.bigLong());
    if (!Number.isSafeInteger(number)) throw new DecodeError('number_out_of_range');
    return number;
  }

  bigLong(): bigint {
    const from = this.position;
    this.skipVarint();
    let value = 0n;
    for (let at = this.position - 1; at >= from; at--) {
      value = (value << 7n) | BigInt(this.#bytes[at]! & 0x7f);
    }
    value = BigInt.asUintN(64, value);
    return (value >> 1n) ^ -(value & 1n);
  }
}

export class AvroOutput {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(16, capacity));
  }

  /** What was written. Nothing may be written after it. */
  result(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  sized(bytes: Uint8Array): void {
    this.long(bytes.length);
    this.raw(bytes);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A safe integer. */
  long(value: number): void {
    this.#reserve(LONGEST_VARINT);
    // The sign goes below the lowest digit by hand: doubling would leave the exact integers.
    const magnitude = value < 0 ? -(value + 1) : value;
    const first = (magnitude % 0x40) * 2 + (value < 0 ? 1 : 0);
    let rest = Math.floor(magnitude / 0x40);
    if (rest === 0) {
      this.#bytes[this.#length++] = first;
      return;
    }
    this.#bytes[this.#length++] = first | 0x80;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  float(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#bytes.length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
