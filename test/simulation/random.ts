/**
 * In: a seed. Out: draws that depend on nothing else, so that a seed reproduces a run exactly.
 * The generator is sfc32, seeded from the number and a label.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  readonly seed: number;

  constructor(seed: number, label = '') {
    this.seed = seed;
    this.#a = Math.imul(seed, 0x9e3779b1) | 0;
    this.#b = Math.floor(seed / 0x100000000) | 0;
    this.#c = 0x51ed270b;
    for (let i = 0; i < label.length; i++) {
      this.#c = Math.imul(this.#c ^ label.charCodeAt(i), 0x01000193);
    }
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** From 0 (included) to 1 (excluded). */
  fraction(): number {
    return this.#next() / 0x100000000;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** One of the names, in proportion to their weights. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const names = Object.keys(weights) as K[];
    let rest = this.fraction() * names.reduce((sum, name) => sum + weights[name], 0);
    for (const name of names) {
      rest -= weights[name];
      if (rest < 0) return name;
    }
    return this.pick(names);
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
    }
    return shuffled;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }
}
