/** In: a table of features. Out: those that a regression can tell apart, and why the others cannot be used. */
import { StandardRows } from './feature-table.ts';
import type { FeatureTable, Moments, RowMask } from './feature-table.ts';
import { WeightedProducts } from './weighted-products.ts';

export interface DroppedFeature {
  readonly feature: string;
  readonly reason: 'constant' | 'collinear' | 'separating';
  /** The features that it is a combination of, or that separate the classes together with it. */
  readonly with: readonly string[];
}

export interface UsableFeatures {
  /** Positions in the table. */
  readonly columns: readonly number[];
  readonly dropped: readonly DroppedFeature[];
}

/** Share of a feature's variance below which what the others leave of it is taken for rounding. */
const TOLERANCE = 1e-9;

/** Of features that say the same, the first in the order of the table stays. */
export function usableFeatures(
  table: FeatureTable,
  mask: RowMask | null,
  moments: Moments,
): UsableFeatures {
  const dropped: DroppedFeature[] = [];
  const varying: number[] = [];
  for (const [column, feature] of table.features.entries()) {
    const [mean, deviation] = [moments.means[column]!, moments.deviations[column]!];
    // Not even a mean: no value is known. A rounded mean leaves a constant a deviation of its last digit.
    if (deviation > 1e-12 * Math.abs(mean)) varying.push(column);
    else dropped.push({ feature, reason: 'constant', with: [] });
  }
  const size = varying.length;
  const sums = new WeightedProducts(size + 1);
  new StandardRows(table, mask, moments, varying).each((row) => sums.add(row, 1));
  const products = sums.finish();
  /** Of two features; that of the intercept comes before them. */
  const product = (i: number, k: number) => products[(i + 1) * (size + 1) + k + 1]!;
  const kept: number[] = [];
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const total = product(i, i);
    let left = total;
    for (const [position, k] of kept.entries()) {
      let sum = product(i, k);
      for (let l = 0; l < position; l++) sum -= lower[i * size + l]! * lower[k * size + l]!;
      const entry = sum / lower[k * size + position]!;
      lower[i * size + position] = entry;
      left -= entry * entry;
    }
    const feature = table.features[varying[i]!]!;
    if (left > TOLERANCE * total) {
      lower[i * size + kept.length] = Math.sqrt(left);
      kept.push(i);
      continue;
    }
    const weights = weightsOf(lower, size, i, kept);
    const partners = kept.filter((_, position) => Math.abs(weights[position]!) > 1e-6);
    dropped.push({
      feature,
      reason: 'collinear',
      with: partners.map((k) => table.features[varying[k]!]!),
    });
  }
  return { columns: kept.map((k) => varying[k]!), dropped };
}

/** How row i is combined of the kept ones: the triangular system solved backwards. */
function weightsOf(
  lower: Float64Array,
  size: number,
  i: number,
  kept: readonly number[],
): Float64Array {
  const weights = new Float64Array(kept.length);
  for (let position = kept.length - 1; position >= 0; position--) {
    let sum = lower[i * size + position]!;
    for (let l = position + 1; l < kept.length; l++) {
      sum -= lower[kept[l]! * size + position]! * weights[l]!;
    }
    weights[position] = sum / lower[kept[position]! * size + position]!;
  }
  return weights;
}
