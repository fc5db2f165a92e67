/** In: a seed. Out: a fast generator of random numbers, the same on every machine (not for secrets). */
export interface Random {
  /** 0…2^32 − 1. */
  readonly bits: () => number;
  /** A whole number from 0 to limit − 1. */
  readonly below: (limit: number) => number;
  /** True once in `n` calls on average. */
  readonly onceIn: (n: number) => boolean;
  readonly pick: <T>(items: readonly T[]) => T;
  /** A version-4 UUID in lower case. */
  readonly uuid: () => string;
}

/** sfc32, by Chris Doty-Humphrey: 128 bits of state, passes PractRand. */
export function random(seed: number): Random {
  let a = seed | 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;

  function bits(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  for (let i = 0; i < 16; i++) bits();

  const below = (limit: number) => Math.floor((bits() / 2 ** 32) * limit);
  const hex = () => bits().toString(16).padStart(8, '0');
  return {
    bits,
    below,
    onceIn: (n) => below(n) === 0,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('cannot pick from an empty list');
      return item;
    },
    uuid: () => {
      const [x, y, z] = [hex(), hex(), hex()];
      return `${x}-${y.slice(0, 4)}-4${y.slice(5)}-8${z.slice(1, 4)}-${z.slice(4)}${hex()}`;
    },
  };
}
