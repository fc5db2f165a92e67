/** Random choices that hostile input is made of; the same for the same seed. */
import { randomOf } from '../integration/events.ts';

export interface Chance {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Buffer;
  /** The bytes with one to eight of their bits turned. */
  flipped(bytes: Buffer): Buffer;
}

export function chanceOf(seed: number): Chance {
  const random = randomOf(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));
  return {
    below,
    pick: (list) => list[below(list.length)]!,
    bytes,
    flipped(original) {
      const changed = Buffer.from(original);
      for (let i = 1 + below(8); i > 0 && changed.length > 0; i--) {
        const at = below(changed.length);
        changed[at] = changed[at]! ^ (1 << below(8));
      }
      return changed;
    },
  };
}
