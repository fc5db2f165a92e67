/** In: a seed. Out: made-up people with features and a target that follows from them, or from nothing. */
import type { FeatureTable } from '../../src/scoring/feature-table.ts';
import { Random } from '../../src/traffic/random.ts';

export interface People {
  readonly random: Random;
  /** From 0 to 1, never 0. */
  uniform(): number;
  normal(): number;
}

export function people(seed: number): People {
  const random = new Random(seed);
  const uniform = () => (random.below(2 ** 31) + 0.5) / 2 ** 31;
  return {
    random,
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** Rows are the target, then the features. */
export function tableOf(
  features: readonly string[],
  rows: readonly (readonly number[])[],
): FeatureTable {
  return { features, rows: rows.length, values: Float64Array.from(rows.flat()) };
}
