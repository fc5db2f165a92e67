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

const DIGITS = Buffer.from('0123456789abcdef');

/** Writes the UUID that four words are to the start of a buffer; returns its length. */
export function writeUuid(a: number, b: number, c: number, d: number, into: Buffer): number {
  writeQuad(a >>> 16, into, 0);
  writeQuad(a, into, 4);
  into[8] = DASH;
  writeQuad(b >>> 16, into, 9);
  into[13] = DASH;
  writeQuad(b, into, 14);
  into[18] = DASH;
  writeQuad(c >>> 16, into, 19);
  into[23] = DASH;
  writeQuad(c, into, 24);
  writeQuad(d >>> 16, into, 28);
  writeQuad(d, into, 32);
  return 36;
}

function writeQuad(value: number, into: Buffer, at: number): void {
  into[at] = DIGITS[(value >>> 12) & 15]!;
  into[at + 1] = DIGITS[(value >>> 8) & 15]!;
  into[at + 2] = DIGITS[(value >>> 4) & 15]!;
  into[at + 3] = DIGITS[value & 15]!;
}

const uuid = Buffer.alloc(36);

export function uuidText(a: number, b: number, c: number, d: number): string {
  return uuid.toString('latin1', 0, writeUuid(a, b, c, d, uuid));
}
