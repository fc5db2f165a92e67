/**
 * The bucket and table hash of an identity: FNV-1a, 32 bits. Stored with the rows (as `bucket`), so it
 * can never change.
 */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  // FNV's low bits follow the last bytes; fold the high ones in.
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * A map from byte strings to values that is asked with bytes in place: no string is made to look one up.
 * Keys are numbered 0, 1, 2, … in the order in which they came.
 */
export class ByteMap<V> {
  readonly keys: string[] = [];
  readonly values: V[] = [];
  #hashes = new Uint32Array(8);
  /** Open addressing: key number + 1, or 0. Always a power of two, at most half full. */
  #table = new Uint32Array(16);

  get size(): number {
    return this.keys.length;
  }

  /** The key's number, or -1. `hash` must be `hashBytes` of the same bytes. */
  find(bytes: Buffer, start: number, end: number, hash: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    const length = end - start;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = table[at]! - 1;
      if (number === -1) return -1;
      if (this.#hashes[number] !== hash) continue;
      const key = this.keys[number]!;
      if (key.length !== length) continue;
      let same = 0;
      while (same < length && key.charCodeAt(same) === bytes[start + same]) same++;
      if (same === length) return number;
    }
  }

  get(bytes: Buffer, start: number, end: number): V | undefined {
    const number = this.find(bytes, start, end, hashBytes(bytes, start, end));
    return number === -1 ? undefined : this.values[number];
  }

  /** Adds a key that is not there yet; returns its number. */
  add(bytes: Buffer, start: number, end: number, hash: number, value: V): number {
    const number = this.keys.length;
    this.keys.push(bytes.toString('latin1', start, end));
    this.values.push(value);
    if (number === this.#hashes.length) {
      const hashes = new Uint32Array(number * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
      this.#table = new Uint32Array(number * 4);
      for (let other = 0; other < number; other++) this.#place(hashes[other]!, other);
    }
    this.#hashes[number] = hash;
    this.#place(hash, number);
    return number;
  }

  set(key: string, value: V): void {
    const bytes = Buffer.from(key);
    const hash = hashBytes(bytes, 0, bytes.length);
    const number = this.find(bytes, 0, bytes.length, hash);
    if (number === -1) this.add(bytes, 0, bytes.length, hash, value);
    else this.values[number] = value;
  }

  #place(hash: number, number: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = hash & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = number + 1;
  }
}
