/**
 * CRC-32C (Castagnoli), the checksum of record batches. In: bytes. Out: their checksum, or a known
 * checksum brought up to date with a change of a few bytes.
 */
const POLYNOMIAL = 0x82f63b78;

/** T0…T7, by how many bytes follow: what each value of a byte does to the checksum. */
const T0 = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  T0[byte] = rest;
}
const T1 = followed(T0);
const T2 = followed(T1);
const T3 = followed(T2);
const T4 = followed(T3);
const T5 = followed(T4);
const T6 = followed(T5);
const T7 = followed(T6);

function followed(table: Int32Array): Int32Array {
  return table.map((value) => (value >>> 8) ^ T0[value & 0xff]!);
}

/** As an unsigned number, of the bytes from `start` to the end. */
export function crc32c(bytes: Buffer, start: number): number {
  return ~continued(-1, bytes, start, bytes.length) >>> 0;
}

/**
 * The checksum of a message after some of its bytes have changed, without reading the others: the
 * checksum is linear, so it changes by that of the difference followed by zeros.
 * @param difference old bytes XOR new bytes
 * @param following how many bytes of the message follow the changed ones
 */
export function crc32cAfterChange(crc: number, difference: Buffer, following: number): number {
  const change = continued(0, difference, 0, difference.length);
  return (crc ^ product(change, zeros(following))) >>> 0;
}

function continued(state: number, bytes: Buffer, start: number, end: number): number {
  let crc = state;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      T7[crc & 0xff]! ^
      T6[(crc >>> 8) & 0xff]! ^
      T5[(crc >>> 16) & 0xff]! ^
      T4[crc >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ T0[(crc ^ bytes[at]!) & 0xff]!;
  return crc;
}

/** POWERS[k]: x to the power of 2^k, modulo the polynomial. The highest bit is x^0. */
const POWERS: readonly number[] = (() => {
  const powers = [1 << 30];
  while (powers.length < 32) powers.push(product(powers.at(-1)!, powers.at(-1)!));
  return powers;
})();

/** What so many zero bytes multiply a checksum by. */
function zeros(count: number): number {
  let factor = 1 << 31;
  for (let k = 3, rest = count; rest > 0; k++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) factor = product(factor, POWERS[k]!);
  }
  return factor;
}

/** Of two polynomials over GF(2), modulo the polynomial. */
function product(a: number, b: number): number {
  let result = 0;
  let shifted = b;
  for (let bit = 1 << 31; bit !== 0; bit >>>= 1) {
    if (a & bit) result ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return result;
}
