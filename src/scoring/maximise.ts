/**
 * Newton's method for functions of a few variables. In: a function with its gradient. Out: where it is
 * largest, and its curvature there.
 */
import type { Breath } from './breath.ts';
import { Cholesky } from './cholesky.ts';

export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface Maximum {
  readonly at: Float64Array;
  readonly value: number;
  /** Inverse of the negative matrix of second derivatives, row after row: the covariance, for a log-likelihood. */
  readonly covariance: Float64Array;
  readonly iterations: number;
  /** False: the function still grows, without an end or very slowly. */
  readonly converged: boolean;
}

const MOST_ITERATIONS = 200;
const LONGEST_STEP = 2;
/** Of the differences that second derivatives are made of. */
const WIDTH = 1e-4;

/** Variables should be of the order of 1, such as logarithms of parameters. */
export async function maximise(
  slopeAt: (at: Float64Array) => Slope,
  start: readonly number[],
  breathe: Breath,
): Promise<Maximum> {
  const size = start.length;
  let at: Float64Array = Float64Array.from(start);
  let slope = slopeAt(at);
  for (let iteration = 1; ; iteration++) {
    await breathe();
    const curvature = negativeCurvature(slopeAt, at);
    const { factor, damped } = definite(curvature, size);
    const step = factor.solve(slope.gradient);
    const gain = dot(step, slope.gradient);
    const converged = !damped && gain < 1e-12;
    if (converged || iteration === MOST_ITERATIONS) {
      return {
        at,
        value: slope.value,
        covariance: factor.inverse(),
        iterations: iteration,
        converged,
      };
    }
    let share = Math.min(1, LONGEST_STEP / Math.max(...step.map(Math.abs)));
    for (;;) {
      const next = at.map((value, i) => value + share * step[i]!);
      const there = slopeAt(next);
      if (there.value > slope.value) {
        at = next;
        slope = there;
        break;
      }
      share /= 2;
      // Nothing is to be gained but rounding.
      if (share < 1e-10) {
        const covariance = factor.inverse();
        const done = !damped && gain < 1e-6;
        return { at, value: slope.value, covariance, iterations: iteration, converged: done };
      }
    }
  }
}

function negativeCurvature(slopeAt: (at: Float64Array) => Slope, at: Float64Array): Float64Array {
  const size = at.length;
  const curvature = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const [above, below] = [Float64Array.from(at), Float64Array.from(at)];
    above[i]! += WIDTH;
    below[i]! -= WIDTH;
    const [up, down] = [slopeAt(above).gradient, slopeAt(below).gradient];
    for (let j = 0; j < size; j++) {
      const second = (down[j]! - up[j]!) / (2 * WIDTH);
      curvature[i * size + j]! += second / 2;
      curvature[j * size + i]! += second / 2;
    }
  }
  return curvature;
}

/** Where the function is not curved downwards everywhere, it is taken for as if it were. */
function definite(matrix: Float64Array, size: number): { factor: Cholesky; damped: boolean } {
  let scale = 0;
  for (let i = 0; i < size; i++) scale = Math.max(scale, Math.abs(matrix[i * size + i]!));
  if (!Number.isFinite(scale)) throw new RangeError('a likelihood that is not a number: a bug');
  for (let damping = 0; ; damping = damping === 0 ? 1e-6 : damping * 10) {
    const damped = Float64Array.from(matrix);
    for (let i = 0; i < size; i++) damped[i * size + i]! += damping * (scale || 1);
    const factor = Cholesky.of(damped, size);
    if (factor !== null) return { factor, damped: damping > 0 };
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
