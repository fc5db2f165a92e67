/** In: the repeat purchases of customers. Out: columns of them, with their distinct counts numbered. */

/**
 * Histories of customers since their first purchase, as columns. Time may be in any unit, always the same.
 * Customers with the same history can be one row with their number as weight.
 */
export interface PurchaseHistories {
  /** Repeat purchases: the first one does not count; whole numbers from 0. */
  readonly repeats: Float64Array;
  /** From the first purchase to the last one; 0 without a repeat purchase. */
  readonly lastAt: Float64Array;
  /** From the first purchase to the end of the observation; at least `lastAt`. */
  readonly age: Float64Array;
  /** Number of customers. */
  readonly weights: Float64Array;
}

/** What depends on a whole number alone is computed once for each that occurs. */
export class DistinctCounts {
  readonly counts: Float64Array;
  /** Position in `counts`, by row. */
  readonly positions: Uint32Array;

  constructor(ofRows: Float64Array) {
    const seen = [...new Set(ofRows)].sort((a, b) => a - b);
    const position = new Map(seen.map((count, at) => [count, at]));
    this.counts = Float64Array.from(seen);
    this.positions = Uint32Array.from(ofRows, (count) => position.get(count) ?? 0);
  }

  table(of: (count: number) => number): Float64Array {
    return this.counts.map(of);
  }
}
