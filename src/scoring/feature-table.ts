/** In: numbers of users or customers, as they were read. Out: the table that models are fitted on, and its moments. */

/** One row per person: the target (0 or 1), then the features. */
export interface FeatureTable {
  /** Names of the features, without the target. */
  readonly features: readonly string[];
  readonly rows: number;
  /** Row after row, `features.length + 1` numbers each; a feature that is not known is NaN, the target never is. */
  readonly values: Float64Array;
}

/** Which rows take part: 1 = yes. */
export type RowMask = Uint8Array;

export interface Moments {
  readonly rows: number;
  /** Rows whose target is 1. */
  readonly positives: number;
  /** Of the known values; NaN when none is. */
  readonly means: Float64Array;
  /** Standard deviations of the sample (n − 1), missing values taken for the mean. */
  readonly deviations: Float64Array;
  /** How many values were not known, by feature. */
  readonly missing: Float64Array;
}

/** Two passes, so that large means cost no digits. */
export function momentsOf(table: FeatureTable, mask: RowMask | null): Moments {
  const { values, rows } = table;
  const size = table.features.length;
  const [means, deviations, missing] = [
    new Float64Array(size),
    new Float64Array(size),
    new Float64Array(size),
  ];
  let [taken, positives] = [0, 0];
  for (let row = 0, at = 0; row < rows; row++, at += size + 1) {
    if (mask !== null && mask[row] === 0) continue;
    taken++;
    positives += values[at]!;
    for (let j = 0; j < size; j++) {
      const value = values[at + 1 + j]!;
      if (value === value) means[j]! += value;
      else missing[j]!++;
    }
  }
  for (let j = 0; j < size; j++) means[j]! /= taken - missing[j]!;
  for (let row = 0, at = 0; row < rows; row++, at += size + 1) {
    if (mask !== null && mask[row] === 0) continue;
    for (let j = 0; j < size; j++) {
      const distance = values[at + 1 + j]! - means[j]!;
      if (distance === distance) deviations[j]! += distance * distance;
    }
  }
  for (let j = 0; j < size; j++) deviations[j] = Math.sqrt(deviations[j]! / (taken - 1));
  return { rows: taken, positives, means, deviations, missing };
}

/** The chosen features of every row that takes part, standardised to mean 0 and deviation 1; missing ones are 0. */
export class StandardRows {
  readonly #table: FeatureTable;
  readonly #mask: RowMask | null;
  readonly #columns: Int32Array;
  readonly #means: Float64Array;
  readonly #scales: Float64Array;

  constructor(
    table: FeatureTable,
    mask: RowMask | null,
    { means, deviations }: Moments,
    columns: readonly number[],
  ) {
    this.#table = table;
    this.#mask = mask;
    this.#columns = Int32Array.from(columns);
    this.#means = Float64Array.from(columns, (column) => means[column]!);
    this.#scales = Float64Array.from(columns, (column) => 1 / deviations[column]!);
  }

  /** The row that `visit` gets is valid until the next one: a leading 1 for the intercept, then the features. */
  each(visit: (row: Float64Array, target: number, index: number) => void): void {
    const { values, rows, features } = this.#table;
    const [mask, columns, means, scales] = [this.#mask, this.#columns, this.#means, this.#scales];
    const [stride, size] = [features.length + 1, columns.length];
    const standard = new Float64Array(size + 1);
    standard[0] = 1;
    for (let row = 0, at = 0; row < rows; row++, at += stride) {
      if (mask !== null && mask[row] === 0) continue;
      for (let j = 0; j < size; j++) {
        const value = (values[at + 1 + columns[j]!]! - means[j]!) * scales[j]!;
        standard[j + 1] = value === value ? value : 0;
      }
      visit(standard, values[at]!, row);
    }
  }
}
