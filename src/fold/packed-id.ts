import { createHash, randomBytes } from 'node:crypto';

/** Digit of a lower-case hexadecimal character, 16 for anything else. */
const HEX = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code));
  return digit === -1 ? 16 : digit;
});
const DASH = 45;

/** Secret of this process, so that nobody can choose ids that collide. */
const KEY = randomBytes(16);

/** The four words of the id packed last. */
export const packed = new Int32Array(4);

/**
 * Packs an id into 128 bits. True: it is a canonical lower-case UUID, and the bits are it. False: the
 * bits are a keyed hash of it; among n such ids of one entity and day, two different ones are taken
 * for one with odds of n²/2^129 (10^-27 for a million).
 */
export function packId(bytes: Buffer, start: number, end: number): boolean {
  if (end - start === 36 && packUuid(bytes, start)) return true;
  const digest = createHash('sha256').update(KEY).update(bytes.subarray(start, end)).digest();
  for (let word = 0; word < 4; word++) packed[word] = digest.readInt32LE(word * 4);
  return false;
}

let digits = 0;

/** Four hexadecimal digits as a number; whatever is none shows in `digits`. */
function quad(bytes: Buffer, at: number): number {
  const a = HEX[bytes[at]!]!;
  const b = HEX[bytes[at + 1]!]!;
  const c = HEX[bytes[at + 2]!]!;
  const d = HEX[bytes[at + 3]!]!;
  digits |= a | b | c | d;
  return (a << 12) | (b << 8) | (c << 4) | d;
}

function packUuid(bytes: Buffer, start: number): boolean {
  if (bytes[start + 8] !== DASH || bytes[start + 13] !== DASH) return false;
  if (bytes[start + 18] !== DASH || bytes[start + 23] !== DASH) return false;
  digits = 0;
  packed[0] = (quad(bytes, start) << 16) | quad(bytes, start + 4);
  packed[1] = (quad(bytes, start + 9) << 16) | quad(bytes, start + 14);
  packed[2] = (quad(bytes, start + 19) << 16) | quad(bytes, start + 24);
  packed[3] = (quad(bytes, start + 28) << 16) | quad(bytes, start + 32);
  return (digits & 16) === 0;
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The UUID that four words are. */
export function uuidText(a: number, b: number, c: number, d: number): string {
  return `${half(a >>> 16)}${half(a)}-${half(b >>> 16)}-${half(b)}-${half(c >>> 16)}-${half(c)}${half(d >>> 16)}${half(d)}`;
}

function half(word: number): string {
  return BYTES[(word >>> 8) & 0xff]! + BYTES[word & 0xff]!;
}
