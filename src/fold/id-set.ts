import { createHash, randomBytes } from 'node:crypto';

const WORDS = 5;
const HASHED = 0x80000000;

/** Digit of a lower-case hexadecimal character, 16 for anything else. */
const HEX = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit === -1 ? 16 : digit;
});
const DASH = 45;

/** Secret of this process, so that nobody can choose ids that collide. */
const KEY = randomBytes(16);
const PROBE = randomBytes(4).readUInt32LE() | 1;

const packed = new Uint32Array(4);

/** Packs a canonical lower-case UUID into `packed`; false for any other id. */
function packUuid(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== 36) return false;
  if (
    bytes[start + 8] !== DASH ||
    bytes[start + 13] !== DASH ||
    bytes[start + 18] !== DASH ||
    bytes[start + 23] !== DASH
  ) {
    return false;
  }
  let at = start;
  let seen = 0;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let digits = 0; digits < 8; digits++) {
      if (bytes[at] === DASH) {
        if (at !== start + 8 && at !== start + 13 && at !== start + 18 && at !== start + 23)
          return false;
        at++;
      }
      const digit = HEX[bytes[at++]!]!;
      seen |= digit;
      value = (value << 4) | (digit & 15);
    }
    packed[word] = value;
  }
  return (seen & 16) === 0;
}

/**
 * The ids accepted for the entities of one unit. Exact for canonical lower-case UUIDs, which are packed
 * into their 128 bits; every other id is represented by a keyed 128-bit hash, so that among n such ids
 * of one entity and day a false duplicate has odds of n²/2^129 (10^-26 for a million ids).
 */
export class IdSet {
  #size = 0;
  /** Open addressing; an entry is the entity's number + 1 (with a mark if hashed), then the four words. */
  #table = new Uint32Array(16 * WORDS);
  #mask = 15;

  get size(): number {
    return this.#size;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#table.byteLength;
  }

  /** Adds the id of an entity (its number, below 2^31 - 1); false if it was there. */
  add(entity: number, bytes: Buffer, start: number, end: number): boolean {
    let owner = entity + 1;
    if (!packUuid(bytes, start, end)) {
      const digest = createHash('sha256').update(KEY).update(bytes.subarray(start, end)).digest();
      for (let word = 0; word < 4; word++) packed[word] = digest.readUInt32LE(word * 4);
      owner = (owner | HASHED) >>> 0;
    }
    const at = this.#find(owner, packed[0]!, packed[1]!, packed[2]!, packed[3]!);
    if (this.#table[at] !== 0) return false;
    this.#put(at, owner, packed[0]!, packed[1]!, packed[2]!, packed[3]!);
    if (++this.#size * 5 > (this.#mask + 1) * 3) this.#grow();
    return true;
  }

  #find(owner: number, a: number, b: number, c: number, d: number): number {
    const table = this.#table;
    const mask = this.#mask;
    let hash = Math.imul(a ^ PROBE, 0x85ebca6b) ^ Math.imul(b + owner, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 15) ^ c, 0x27d4eb2f) ^ Math.imul(d, PROBE);
    hash ^= hash >>> 16;
    for (let entry = hash & mask; ; entry = (entry + 1) & mask) {
      const at = entry * WORDS;
      const found = table[at];
      if (
        found === 0 ||
        (found === owner &&
          table[at + 1] === a &&
          table[at + 2] === b &&
          table[at + 3] === c &&
          table[at + 4] === d)
      ) {
        return at;
      }
    }
  }

  #put(at: number, owner: number, a: number, b: number, c: number, d: number): void {
    const table = this.#table;
    table[at] = owner;
    table[at + 1] = a;
    table[at + 2] = b;
    table[at + 3] = c;
    table[at + 4] = d;
  }

  #grow(): void {
    const old = this.#table;
    this.#mask = this.#mask * 2 + 1;
    this.#table = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at] === 0) continue;
      const [owner, a, b, c, d] = [
        old[at]!,
        old[at + 1]!,
        old[at + 2]!,
        old[at + 3]!,
        old[at + 4]!,
      ];
      this.#put(this.#find(owner, a, b, c, d), owner, a, b, c, d);
    }
  }
}
