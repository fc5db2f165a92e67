/** In: rows and their weights. Out: Σ weight · row · rowᵀ. */

/** Rows that are added at once, so that each sum is read and written once for all of them. */
const AT_ONCE = 4;

export class WeightedProducts {
  /** The lower triangle, row after row; complete after `finish`. */
  readonly #sums: Float64Array;
  readonly #size: number;
  readonly #rows: Float64Array;
  readonly #weights = new Float64Array(AT_ONCE);
  #waiting = 0;

  constructor(size: number) {
    this.#size = size;
    this.#sums = new Float64Array(size * size);
    this.#rows = new Float64Array(AT_ONCE * size);
  }

  add(row: Float64Array, weight: number): void {
    const [rows, size, start] = [this.#rows, this.#size, this.#waiting * this.#size];
    for (let j = 0; j < size; j++) rows[start + j] = row[j]!;
    this.#weights[this.#waiting++] = weight;
    if (this.#waiting === AT_ONCE) this.#flush();
  }

  /** The lower triangle, row after row. */
  finish(): Float64Array {
    this.#weights.fill(0, this.#waiting);
    this.#flush();
    return this.#sums;
  }

  #flush(): void {
    const [sums, rows, weights, size] = [this.#sums, this.#rows, this.#weights, this.#size];
    const [w0, w1, w2, w3] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!];
    const [second, third, fourth] = [size, 2 * size, 3 * size];
    for (let i = 0; i < size; i++) {
      const a = w0 * rows[i]!;
      const b = w1 * rows[second + i]!;
      const c = w2 * rows[third + i]!;
      const d = w3 * rows[fourth + i]!;
      const start = i * size;
      for (let j = 0; j <= i; j++) {
        sums[start + j]! +=
          a * rows[j]! + b * rows[second + j]! + c * rows[third + j]! + d * rows[fourth + j]!;
      }
    }
    this.#waiting = 0;
  }
}
