/**
 * One request or response of Kafka's protocol in, its fields out, one after the other.
 * https://kafka.apache.org/protocol: the classic types, big-endian, without compact forms.
 */

/** The bytes are not what the protocol says; whoever sent them is not worth another word. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

export class FrameReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(size: number): number {
    const at = this.#at;
    if (size < 0 || at + size > this.#bytes.length) {
      throw new ProtocolError(
        `${size} bytes expected at ${at} of ${this.#bytes.length}: the request is cut short`,
      );
    }
    this.#at += size;
    return at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** Within ±2^53; no offset and no time is beyond. */
  int64(): number {
    const value = Number(this.#bytes.readBigInt64BE(this.#take(8)));
    if (!Number.isSafeInteger(value)) throw new ProtocolError(`${value} is out of range`);
    return value;
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  string(): string {
    const text = this.nullableString();
    if (text === null) throw new ProtocolError('a text is missing');
    return text;
  }

  nullableString(): string | null {
    const length = this.int16();
    if (length === -1) return null;
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** Points into the frame; empty for null. */
  bytes(): Buffer {
    const length = this.int32();
    if (length === -1) return Buffer.alloc(0);
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  array<T>(readItem: () => T): T[] {
    return this.nullableArray(readItem) ?? [];
  }

  nullableArray<T>(readItem: () => T): T[] | null {
    const count = this.int32();
    if (count === -1) return null;
    // Every item takes at least a byte: a count beyond the frame must not reserve memory.
    if (count < 0 || count > this.#bytes.length - this.#at) {
      throw new ProtocolError(`an array of ${count} items does not fit into the request`);
    }
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(readItem());
    return items;
  }
}
