/**
 * What a purchase of a customer is worth: the Gamma-Gamma model of Fader and Hardie (2013), "The Gamma-Gamma
 * Model of Monetary Value". In: the mean values of customers' purchases. Out: the parameters, and the expected
 * value of a customer's next purchase.
 *
 * The values of one customer's purchases are Gamma(p, ν) distributed, and ν between customers Gamma(q, v):
 * who has bought little is drawn towards the mean of all.
 */
import { withoutPause } from './breath.ts';
import type { Breath } from './breath.ts';
import { maximise } from './maximise.ts';
import type { Slope } from './maximise.ts';
import { DistinctCounts } from './purchase-histories.ts';
import { digamma, logGamma } from './special-functions.ts';

export interface GammaGamma {
  readonly p: number;
  readonly q: number;
  /** In the unit of the values. */
  readonly v: number;
}

export interface GammaGammaFit {
  readonly parameters: GammaGamma;
  readonly stdErrors: GammaGamma;
  readonly logLikelihood: number;
  readonly iterations: number;
  /** False: the values do not determine the parameters; they are the best that was found. */
  readonly converged: boolean;
}

/** Purchases of customers, as columns. */
export interface PurchaseValues {
  /** Number of purchases, at least 1. */
  readonly purchases: Float64Array;
  /** Their mean value, above 0. */
  readonly means: Float64Array;
}

/** Maximum likelihood. There must be values. */
export async function fitGammaGamma(
  values: PurchaseValues,
  breathe: Breath = withoutPause,
): Promise<GammaGammaFit> {
  const distinct = new DistinctCounts(values.purchases);
  const mean = values.means.reduce((sum, value) => sum + value, 0) / values.means.length;
  const { at, value, covariance, iterations, converged } = await maximise(
    (logs) => gammaGammaLikelihood(values, distinct, logs),
    [Math.log(2), Math.log(3), Math.log(mean)],
    breathe,
  );
  return {
    parameters: parametersOf(at),
    // Of a logarithm the error is relative.
    stdErrors: parametersOf(at.map((log, i) => log + Math.log(covariance[i * 4]!) / 2)),
    logLikelihood: value,
    iterations,
    converged,
  };
}

/** Logarithm of the likelihood and its gradient, by the logarithms of p, q and v. */
export function gammaGammaLikelihood(
  { purchases, means }: PurchaseValues,
  distinct: DistinctCounts,
  logs: Float64Array,
): Slope {
  const { p, q, v } = parametersOf(logs);
  const constant = q * Math.log(v) - logGamma(q);
  const own = distinct.table(
    (x) => constant + logGamma(p * x + q) - logGamma(p * x) + p * x * Math.log(x),
  );
  const byBoth = distinct.table((x) => digamma(p * x + q));
  const byP = distinct.table((x) => digamma(p * x) - Math.log(x));
  const byQ = Math.log(v) - digamma(q);
  let [value, dp, dq, dv] = [0, 0, 0, 0];
  for (let row = 0; row < purchases.length; row++) {
    const [x, mean, at] = [purchases[row]!, means[row]!, distinct.positions[row]!];
    const logMean = Math.log(mean);
    const logSum = Math.log(x * mean + v);
    value += own[at]! + (p * x - 1) * logMean - (p * x + q) * logSum;
    dp += x * (byBoth[at]! - byP[at]! + logMean - logSum);
    dq += byBoth[at]! + byQ - logSum;
    dv += q / v - (p * x + q) / (x * mean + v);
  }
  // By the logarithm of a parameter: times the parameter.
  return { value, gradient: Float64Array.of(dp * p, dq * q, dv * v) };
}

/**
 * Expected value of the next purchase of a customer with so many purchases of this mean value; 0 purchases:
 * the mean of all customers. NaN where the model has no finite mean (q ≤ 1 without purchases).
 */
export function expectedValue({ p, q, v }: GammaGamma, purchases: number, mean: number): number {
  const shape = p * purchases + q - 1;
  return shape > 0 ? (p * (v + purchases * mean)) / shape : NaN;
}

function parametersOf(logs: Float64Array): GammaGamma {
  const [p = NaN, q = NaN, v = NaN] = logs.map(Math.exp);
  return { p, q, v };
}
