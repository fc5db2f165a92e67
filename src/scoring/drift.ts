/** In: values of a feature or a score. Out: how they are distributed, and how far two distributions are apart. */

export interface Distribution {
  /** Upper ends of the bins, rising; beyond the last one is one more bin. */
  readonly edges: readonly number[];
  /** Values in each bin; one more than edges. */
  readonly counts: readonly number[];
}

const BINS = 10;
const SAMPLE = 100_000;
/** An empty bin counts as one that holds this share, so that the index is finite. */
const LEAST_SHARE = 1e-4;

/** Bins that hold about equally many of the values; fewer where many values are the same. NaN is left out. */
export function binEdges(values: Float64Array): readonly number[] {
  const every = Math.max(1, Math.floor(values.length / SAMPLE));
  const sample = values.filter((value, at) => at % every === 0 && value === value).sort();
  const edges = Array.from(
    { length: BINS - 1 },
    (_, bin) => sample[Math.floor(((bin + 1) * sample.length) / BINS)],
  );
  return [...new Set(edges.filter((edge) => edge !== undefined))];
}

/** How many values are in each bin; NaN is left out. */
export function distributionOf(values: Float64Array, edges: readonly number[]): Distribution {
  const counts = edges.map(() => 0);
  counts.push(0);
  for (const value of values) {
    if (value !== value) continue;
    let bin = 0;
    while (bin < edges.length && value > edges[bin]!) bin++;
    counts[bin]!++;
  }
  return { edges, counts };
}

/**
 * Population stability index of two distributions over the same bins: Σ (share − share before) · ln(share /
 * share before). As a rule of thumb below 0.1 nothing has moved, above 0.25 much has. NaN when one is empty.
 */
export function stabilityIndex(before: readonly number[], now: readonly number[]): number {
  const shares = (counts: readonly number[]): number[] => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => (total === 0 ? NaN : Math.max(count / total, LEAST_SHARE)));
  };
  const [was, is] = [shares(before), shares(now)];
  return was.reduce((sum, share, bin) => sum + (is[bin]! - share) * Math.log(is[bin]! / share), 0);
}
