/**
 * Logistic regression by Newton's method (iteratively reweighted least squares). In: standardised rows.
 * Out: the maximum of the likelihood, its curvature, or the direction in which there is none.
 */
import type { Breath } from './breath.ts';
import { Cholesky } from './cholesky.ts';
import type { StandardRows } from './feature-table.ts';
import { WeightedProducts } from './weighted-products.ts';

export interface LogisticFit {
  /** Of the intercept and the standardised features. */
  readonly coefficients: Float64Array;
  /** Inverse of the information matrix, row after row. */
  readonly covariance: Float64Array;
  /** Without the penalty. */
  readonly logLikelihood: number;
  readonly iterations: number;
  readonly converged: boolean;
  /**
   * Positions (from 0, without the intercept) of the features that separate the classes, the strongest
   * first: without a penalty they have no finite coefficients. Empty where the maximum exists.
   */
  readonly separating: readonly number[];
}

export interface LogisticOptions {
  /** Penalty λ/2 · Σ coefficient² on the standardised features; 0 = none. */
  readonly l2: number;
  /** Of the intercept and the standardised features; the better they are, the fewer iterations. */
  readonly start: Float64Array;
  readonly breathe: Breath;
}

const MOST_ITERATIONS = 60;
/** Before so many, a step may still be large although a maximum exists. */
const PATIENCE = 9;

/** Coefficients of a model without features. */
export function withoutFeatures(features: number, baseRate: number): Float64Array {
  const coefficients = new Float64Array(features + 1);
  coefficients[0] = Math.log(baseRate / (1 - baseRate));
  return coefficients;
}

export async function fitLogistic(
  rows: StandardRows,
  { l2, start, breathe }: LogisticOptions,
): Promise<LogisticFit> {
  const size = start.length;
  let coefficients = Float64Array.from(start);
  let step: Float64Array = new Float64Array(size);
  let best = -Infinity;
  let covariance: Float64Array = new Float64Array(size * size);
  for (let iteration = 1; iteration <= MOST_ITERATIONS; iteration++) {
    await breathe();
    const { logLikelihood, gradient, information } = curvature(rows, coefficients, l2);
    const found = () => ({ coefficients, covariance, iterations: iteration });
    const penalised = logLikelihood - (l2 / 2) * squares(coefficients);
    if (penalised < best - 1e-9 * Math.abs(best)) {
      // Too far: half of the way back.
      for (let j = 0; j < size; j++) step[j]! /= 2;
      coefficients = coefficients.map((value, j) => value - step[j]!);
      continue;
    }
    best = penalised;
    const factor = Cholesky.of(information, size);
    if (factor === null) {
      return { ...found(), logLikelihood, converged: false, separating: largest(step, 0.01) };
    }
    covariance = factor.inverse();
    step = factor.solve(gradient);
    let decrement = 0;
    for (let j = 0; j < size; j++) decrement += step[j]! * gradient[j]!;
    const converged = decrement < 1e-16;
    if (l2 === 0 && iteration >= PATIENCE && separates(rows, step)) {
      return { ...found(), logLikelihood, converged: false, separating: largest(step, 0.01) };
    }
    coefficients = coefficients.map((value, j) => value + step[j]!);
    if (converged) {
      return { ...found(), logLikelihood, converged, separating: [] };
    }
  }
  const { logLikelihood } = curvature(rows, coefficients, l2);
  const iterations = MOST_ITERATIONS;
  return { coefficients, covariance, logLikelihood, iterations, converged: false, separating: [] };
}

/** The probability that the model gives a row. */
export function probabilityOf(coefficients: Float64Array, row: Float64Array): number {
  return 1 / (1 + Math.exp(-product(coefficients, row)));
}

interface Curvature {
  readonly logLikelihood: number;
  readonly gradient: Float64Array;
  readonly information: Float64Array;
}

function curvature(rows: StandardRows, coefficients: Float64Array, l2: number): Curvature {
  const size = coefficients.length;
  const gradient = new Float64Array(size);
  const sums = new WeightedProducts(size);
  let logLikelihood = 0;
  rows.each((row, target) => {
    const score = product(coefficients, row);
    const probability = 1 / (1 + Math.exp(-score));
    const signed = target === 1 ? score : -score;
    logLikelihood -=
      signed > 0 ? Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed)) - signed;
    const residual = target - probability;
    for (let i = 0; i < size; i++) gradient[i]! += residual * row[i]!;
    sums.add(row, probability * (1 - probability));
  });
  const information = sums.finish();
  for (let j = 1; j < size; j++) {
    gradient[j]! -= l2 * coefficients[j]!;
    information[j * size + j]! += l2;
  }
  return { logLikelihood, gradient, information };
}

/**
 * Whether the likelihood grows along this direction without an end: no row becomes less likely, and some
 * still gain. Newton's steps go there when there is no maximum, and shrink to nothing when there is one.
 */
function separates(rows: StandardRows, direction: Float64Array): boolean {
  let [least, most] = [0, 0];
  rows.each((row, target) => {
    const moved = product(direction, row);
    const gain = target === 1 ? moved : -moved;
    if (gain < least) least = gain;
    if (gain > most) most = gain;
  });
  return most > 0.3 && least > -1e-4 * most;
}

/** Positions of the features with at least this share of the largest, the intercept aside. */
function largest(direction: Float64Array, share: number): readonly number[] {
  const sizes = Array.from(direction.subarray(1), Math.abs);
  const most = Math.max(...sizes);
  return sizes
    .map((size, position) => ({ size, position }))
    .filter(({ size }) => size > share * most)
    .sort((a, b) => b.size - a.size)
    .map(({ position }) => position);
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function squares(coefficients: Float64Array): number {
  return product(coefficients.subarray(1), coefficients.subarray(1));
}
