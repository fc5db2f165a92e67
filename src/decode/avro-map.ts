/**
 * Walks the strings of an Avro map of strings, key and value in turn. The map's encoding must be known
 * to be whole: the walker has been over it.
 */
export class AvroMapStrings {
  /** Where the string at hand lies. */
  start = 0;
  end = 0;
  readonly #bytes: Buffer;
  #at: number;
  #left = 0;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** Moves to the next string; false at the end. */
  next(): boolean {
    if (this.#left === 0) {
      let entries = this.#readLong();
      if (entries === 0) return false;
      if (entries < 0) {
        entries = -entries;
        this.#readLong(); // the block's size in bytes
      }
      this.#left = 2 * entries;
    }
    this.#left--;
    const length = this.#readLong();
    this.start = this.#at;
    this.#at += length;
    this.end = this.#at;
    return true;
  }

  /** Lengths and counts of what is in memory are far below 2^53. */
  #readLong(): number {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
