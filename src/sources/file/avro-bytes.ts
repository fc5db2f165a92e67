/** Texts of fewer characters are copied faster one by one, if they are ASCII; their length takes one byte. */
const SHORT = 64;

/** A growing buffer that values are appended to in Avro's binary encoding. */
export class AvroBytes {
  #buffer: Buffer;
  #length = 0;

  /** `capacity`: how many bytes it takes before it has to grow. */
  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Forgets what was written after a position. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** A copy of what was written from `start` on. */
  copy(start = 0): Buffer {
    return Buffer.from(this.#buffer.subarray(start, this.#length));
  }

  /** What was written from `start` on, valid until the next write. */
  view(start = 0): Buffer {
    return this.#buffer.subarray(start, this.#length);
  }

  /** An int or a long. A bigint must be within 64 bits, a number a safe integer. */
  long(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'number' && value >= -0x4000_0000 && value < 0x4000_0000) {
      this.#varint((value << 1) ^ (value >> 31));
      return;
    }
    if (typeof value === 'number') {
      // The low 27 bits and the rest are kept apart: doubled, it might not be exact.
      const magnitude = value < 0 ? -(value + 1) : value;
      const rest = Math.floor(magnitude / 2 ** 27);
      const low = ((magnitude - rest * 2 ** 27) << 1) | (value < 0 ? 1 : 0);
      for (let shift = 0; shift < 28; shift += 7) {
        this.#buffer[this.#length++] = ((low >>> shift) & 0x7f) | 0x80;
      }
      this.#varint(rest);
      return;
    }
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest >= 0x80n) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  string(text: string): void {
    const { length } = text;
    if (length < SHORT) {
      this.#reserve(length + 1);
      const buffer = this.#buffer;
      let at = this.#length;
      buffer[at++] = length * 2;
      let seen = 0;
      for (let i = 0; i < length; i++) {
        const unit = text.charCodeAt(i);
        seen |= unit;
        buffer[at++] = unit;
      }
      if (seen < 0x80) {
        this.#length = at;
        return;
      }
    }
    const size = Buffer.byteLength(text);
    this.#reserve(size + 5);
    this.#varint(size * 2);
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** The text's UTF-8 without its length. */
  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length + 5);
    this.#varint(bytes.length * 2);
    this.raw(bytes);
  }

  /** Bytes as they are, without a length. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #varint(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = rest | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
