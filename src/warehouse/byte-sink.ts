/** Chunks grow from the first one's size up to this. */
const LARGEST_CHUNK = 256 * 1024;

/**
 * Chunks of the largest size that no sink uses: what one block has given back, the next one fills. All
 * sinks of the process together so hold what is waiting and being written, and not each its own maximum.
 */
const spareChunks: Buffer[] = [];
const MOST_SPARE = 256;

/**
 * Values appended one after the other, in ClickHouse's little-endian binary forms. They lie in chunks
 * that are used again after `clear`, by this sink or another: growing copies nothing.
 */
export class ByteSink {
  readonly #chunks: Buffer[];
  /** How much of each chunk before the current one is written. */
  readonly #filled: number[] = [];
  #bytesBefore = 0;
  #chunk: Buffer;
  #at = 0;

  /** `capacity`: bytes of the first chunk. */
  constructor(capacity = 256) {
    this.#chunk = Buffer.allocUnsafeSlow(capacity);
    this.#chunks = [this.#chunk];
  }

  /** Bytes written. */
  get length(): number {
    return this.#bytesBefore + this.#at;
  }

  /** What was written, in order. Shares memory with the sink: valid until `clear`. */
  pieces(): Buffer[] {
    const pieces = this.#filled.map((length, at) => this.#chunks[at]!.subarray(0, length));
    pieces.push(this.#chunk.subarray(0, this.#at));
    return pieces;
  }

  clear(): void {
    for (const chunk of this.#chunks.splice(1)) {
      // What one huge value needed is not kept.
      if (chunk.length === LARGEST_CHUNK && spareChunks.length < MOST_SPARE)
        spareChunks.push(chunk);
    }
    this.#filled.length = 0;
    this.#bytesBefore = 0;
    this.#chunk = this.#chunks[0]!;
    this.#at = 0;
  }

  /** The low half of the 64-bit integer that was written last; 0 when nothing was. */
  lastLow(): number {
    return this.length === 0 ? 0 : this.#chunk.readUInt32LE(this.#at - 8);
  }

  /** Makes room for more bytes in one piece. */
  #reserve(bytes: number): void {
    if (this.#at + bytes > this.#chunk.length) this.#nextChunk(bytes);
  }

  #nextChunk(bytes: number): void {
    this.#bytesBefore += this.#at;
    this.#filled.push(this.#at);
    const size = Math.max(bytes, Math.min(this.#chunk.length * 4, LARGEST_CHUNK));
    const spare = size === LARGEST_CHUNK ? spareChunks.pop() : undefined;
    const chunk = spare ?? Buffer.allocUnsafeSlow(size);
    this.#chunks.push(chunk);
    this.#chunk = chunk;
    this.#at = 0;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#chunk[this.#at++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    const buffer = this.#chunk;
    const length = this.#at;
    buffer[length] = value;
    buffer[length + 1] = value >>> 8;
    this.#at = length + 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    const buffer = this.#chunk;
    const length = this.#at;
    buffer[length] = value;
    buffer[length + 1] = value >>> 8;
    buffer[length + 2] = value >>> 16;
    buffer[length + 3] = value >>> 24;
    this.#at = length + 4;
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
    this.#reserve(8);
    const buffer = this.#chunk;
    const length = this.#at;
    buffer[length] = low;
    buffer[length + 1] = low >>> 8;
    buffer[length + 2] = low >>> 16;
    buffer[length + 3] = low >>> 24;
    buffer[length + 4] = high;
    buffer[length + 5] = high >>> 8;
    buffer[length + 6] = high >>> 16;
    buffer[length + 7] = high >>> 24;
    this.#at = length + 8;
  }

  /** A signed big-endian integer of at most 8 bytes, as Avro writes decimals. */
  bigEndianInt64(bytes: Buffer, start: number, end: number): void {
    const sign = start < end && bytes[start]! >= 0x80 ? 0xff : 0;
    this.#reserve(8);
    const buffer = this.#chunk;
    const length = this.#at;
    for (let at = 0; at < 8; at++) {
      buffer[length + at] = at < end - start ? bytes[end - 1 - at]! : sign;
    }
    this.#at = length + 8;
  }

  fill(byte: number, count: number): void {
    // As with copying: short runs are faster here than in native code.
    if (count <= 48) {
      for (let left = count; left > 0; left--) this.uint8(byte);
      return;
    }
    for (let left = count; left > 0; left -= LARGEST_CHUNK) {
      const size = Math.min(left, LARGEST_CHUNK);
      this.#reserve(size);
      this.#chunk.fill(byte, this.#at, this.#at + size);
      this.#at += size;
    }
  }

  /** An unsigned LEB128 integer below 2^31, as ClickHouse writes lengths. */
  varint(value: number): void {
    this.#reserve(5);
    let rest = value;
    let length = this.#at;
    while (rest >= 0x80) {
      this.#chunk[length++] = rest | 0x80;
      rest >>>= 7;
    }
    this.#chunk[length++] = rest;
    this.#at = length;
  }

  /** A length and the bytes of `bytes[start, end)`. */
  string(bytes: Buffer, start: number, end: number): void {
    const size = end - start;
    this.#reserve(size + 5);
    const buffer = this.#chunk;
    let length = this.#at;
    let rest = size;
    while (rest >= 0x80) {
      buffer[length++] = rest | 0x80;
      rest >>>= 7;
    }
    buffer[length++] = rest;
    // A call into native code costs as much as copying some fifty bytes here.
    if (size > 48) bytes.copy(buffer, length, start, end);
    else for (let at = 0; at < size; at++) buffer[length + at] = bytes[start + at]!;
    this.#at = length + size;
  }

  /** A length and the bytes of a byte string. */
  byteString(value: string): void {
    const size = value.length;
    this.#reserve(size + 5);
    this.varint(size);
    const buffer = this.#chunk;
    const length = this.#at;
    if (size > 64) buffer.write(value, length, size, 'latin1');
    else for (let at = 0; at < size; at++) buffer[length + at] = value.charCodeAt(at);
    this.#at = length + size;
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.string(bytes, 0, bytes.length);
  }
}
