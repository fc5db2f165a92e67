/** A growing buffer that values are appended to, in ClickHouse's little-endian binary forms. */
export class ByteSink {
  buffer: Buffer;
  length = 0;

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room for more bytes; to be called before the unchecked writes below. */
  reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  uint8(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  uint16(value: number): void {
    this.reserve(2);
    const { buffer, length } = this;
    buffer[length] = value;
    buffer[length + 1] = value >>> 8;
    this.length = length + 2;
  }

  uint32(value: number): void {
    this.reserve(4);
    const { buffer, length } = this;
    buffer[length] = value;
    buffer[length + 1] = value >>> 8;
    buffer[length + 2] = value >>> 16;
    buffer[length + 3] = value >>> 24;
    this.length = length + 4;
  }

  /** A 64-bit integer, signed or not, of magnitude at most 2^53. */
  int64(value: number): void {
    this.words(value >>> 0, Math.floor(value / 2 ** 32) | 0);
  }

  /** A 64-bit integer of any magnitude; wraps beyond 2^64. */
  integer(value: number | bigint): void {
    if (typeof value === 'number') this.int64(value);
    else this.words(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
  }

  /** A 64-bit integer given as its low and its high half. */
  words(low: number, high: number): void {
    this.reserve(8);
    const { buffer, length } = this;
    buffer[length] = low;
    buffer[length + 1] = low >>> 8;
    buffer[length + 2] = low >>> 16;
    buffer[length + 3] = low >>> 24;
    buffer[length + 4] = high;
    buffer[length + 5] = high >>> 8;
    buffer[length + 6] = high >>> 16;
    buffer[length + 7] = high >>> 24;
    this.length = length + 8;
  }

  /** A signed big-endian integer of at most 8 bytes, as Avro writes decimals. */
  bigEndianInt64(bytes: Buffer, start: number, end: number): void {
    const sign = start < end && bytes[start]! >= 0x80 ? 0xff : 0;
    this.reserve(8);
    const { buffer, length } = this;
    for (let at = 0; at < 8; at++) {
      buffer[length + at] = at < end - start ? bytes[end - 1 - at]! : sign;
    }
    this.length = length + 8;
  }

  fill(byte: number, count: number): void {
    this.reserve(count);
    const { buffer, length } = this;
    // As with copying: short runs are faster here than in native code.
    if (count > 48) buffer.fill(byte, length, length + count);
    else for (let at = 0; at < count; at++) buffer[length + at] = byte;
    this.length = length + count;
  }

  /** An unsigned LEB128 integer below 2^31, as ClickHouse writes lengths. */
  varint(value: number): void {
    this.reserve(5);
    let rest = value;
    let { length } = this;
    while (rest >= 0x80) {
      this.buffer[length++] = rest | 0x80;
      rest >>>= 7;
    }
    this.buffer[length++] = rest;
    this.length = length;
  }

  /** A length and the bytes of `bytes[start, end)`. */
  string(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.reserve(size + 5);
    const { buffer } = this;
    let { length } = this;
    let rest = size;
    while (rest >= 0x80) {
      buffer[length++] = rest | 0x80;
      rest >>>= 7;
    }
    buffer[length++] = rest;
    // A call into native code costs as much as copying some fifty bytes here.
    if (size > 48) bytes.copy(buffer, length, start, end);
    else for (let at = 0; at < size; at++) buffer[length + at] = bytes[start + at]!;
    this.length = length + size;
  }

  /** A length and the bytes of a byte string. */
  byteString(value: string): void {
    const size = value.length;
    this.reserve(size + 5);
    this.varint(size);
    const { buffer, length } = this;
    if (size > 64) buffer.write(value, length, size, 'latin1');
    else for (let at = 0; at < size; at++) buffer[length + at] = value.charCodeAt(at);
    this.length = length + size;
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.string(bytes, 0, bytes.length);
  }
}
