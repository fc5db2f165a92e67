/**
 * In: a seed. Out: draws that are the same on every machine: whole numbers only, no function whose last
 * digit a platform may choose. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Seed and stream are whole numbers from 0 to 2^53 − 1; streams of one seed are independent. */
  constructor(seed: number, stream = 0) {
    this.#a = scramble(seed) ^ Math.floor(seed / 2 ** 32);
    this.#b = scramble(stream) ^ Math.floor(stream / 2 ** 32);
    this.#c = 0x243f6a88;
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** From 0 to 2^32 − 1. By sfc32 of Chris Doty-Humphrey. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to limit − 1; the limit is at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.bits() / 2 ** 32) * limit);
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True in so many of a thousand draws. */
  permille(chance: number): boolean {
    return this.below(1000) < chance;
  }

  /** A position in a list of weights (whole numbers), each in proportion to its own. */
  weighted(weights: readonly number[]): number {
    let sum = 0;
    for (const weight of weights) sum += weight;
    let rest = this.below(sum);
    let at = 0;
    while (rest >= weights[at]!) rest -= weights[at++]!;
    return at;
  }
}

/** Spreads the low 32 bits of a whole number over 32 bits; no two numbers become the same. */
export function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
