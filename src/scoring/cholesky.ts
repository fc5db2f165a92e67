/** In: a symmetric positive definite matrix. Out: its Cholesky factor, and with it solutions and the inverse. */

export class Cholesky {
  readonly #lower: Float64Array;
  readonly #size: number;

  private constructor(lower: Float64Array, size: number) {
    this.#lower = lower;
    this.#size = size;
  }

  /**
   * Reads the lower triangle of a matrix that is stored row after row; null when it is not positive
   * definite, to rounding.
   */
  static of(matrix: Float64Array, size: number): Cholesky | null {
    const lower = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = matrix[i * size + j]!;
        for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
        if (j < i) lower[i * size + j] = sum / lower[j * size + j]!;
        else if (sum > 1e-14 * matrix[i * size + i]!) lower[i * size + i] = Math.sqrt(sum);
        else return null;
      }
    }
    return new Cholesky(lower, size);
  }

  solve(right: Float64Array): Float64Array {
    const [lower, size] = [this.#lower, this.#size];
    const solution = Float64Array.from(right);
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < i; k++) solution[i]! -= lower[i * size + k]! * solution[k]!;
      solution[i]! /= lower[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      for (let k = i + 1; k < size; k++) solution[i]! -= lower[k * size + i]! * solution[k]!;
      solution[i]! /= lower[i * size + i]!;
    }
    return solution;
  }

  /** Row after row, both triangles. */
  inverse(): Float64Array {
    const size = this.#size;
    const inverse = new Float64Array(size * size);
    for (let column = 0; column < size; column++) {
      const unit = new Float64Array(size);
      unit[column] = 1;
      inverse.set(this.solve(unit), column * size);
    }
    return inverse;
  }
}
