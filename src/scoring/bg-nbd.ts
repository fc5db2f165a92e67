/**
 * How often customers buy and when they leave: the BG/NBD model of Fader, Hardie and Lee (2005), "Counting
 * Your Customers the Easy Way", Marketing Science 24(2). In: purchase histories. Out: the parameters, and
 * what they say of a customer.
 *
 * While a customer is there, purchases are Poisson with a rate that is Gamma(r, α) distributed; after each
 * purchase the customer leaves with a chance that is Beta(a, b) distributed.
 */
import { withoutPause } from './breath.ts';
import type { Breath } from './breath.ts';
import { maximise } from './maximise.ts';
import type { Slope } from './maximise.ts';
import { DistinctCounts } from './purchase-histories.ts';
import type { PurchaseHistories } from './purchase-histories.ts';
import { digamma, logGamma } from './special-functions.ts';

export interface BgNbd {
  readonly r: number;
  /** In the unit of time of the histories. */
  readonly alpha: number;
  readonly a: number;
  readonly b: number;
}

export interface BgNbdFit {
  readonly parameters: BgNbd;
  readonly stdErrors: BgNbd;
  readonly logLikelihood: number;
  readonly iterations: number;
  /** False: the histories do not determine the parameters; they are the best that was found. */
  readonly converged: boolean;
}

/** Maximum likelihood. There must be repeat purchases. */
export async function fitBgNbd(
  histories: PurchaseHistories,
  breathe: Breath = withoutPause,
): Promise<BgNbdFit> {
  const { repeats, age, weights } = histories;
  let [purchases, time] = [0, 0];
  for (let row = 0; row < repeats.length; row++) {
    purchases += weights[row]! * repeats[row]!;
    time += weights[row]! * age[row]!;
  }
  const distinct = new DistinctCounts(repeats);
  const start = [0, Math.log(time / purchases), 0, Math.log(3)];
  const { at, value, covariance, iterations, converged } = await maximise(
    (logs) => bgNbdLikelihood(histories, distinct, logs),
    start,
    breathe,
  );
  const parameters = parametersOf(at);
  // Of a logarithm the error is relative.
  const stdErrors = parametersOf(at.map((log, i) => log + Math.log(covariance[i * 5]!) / 2));
  return {
    parameters,
    stdErrors,
    logLikelihood: value,
    iterations,
    converged,
  };
}

/** Logarithm of the likelihood and its gradient, by the logarithms of r, α, a and b. */
export function bgNbdLikelihood(
  { repeats, lastAt, age, weights }: PurchaseHistories,
  distinct: DistinctCounts,
  logs: Float64Array,
): Slope {
  const { r, alpha, a, b } = parametersOf(logs);
  const constant = r * Math.log(alpha) - logGamma(r);
  const logs0 = distinct.table((x) => constant + logGamma(r + x));
  const logs1 = distinct.table((x) =>
    x === 0 ? 0 : logGamma(a + b) + logGamma(b + x) - logGamma(b) - logGamma(a + b + x),
  );
  const byR = distinct.table((x) => digamma(r + x) - digamma(r) + Math.log(alpha));
  const byA = distinct.table((x) => (x === 0 ? 0 : digamma(a + b) - digamma(a + b + x)));
  const byB = distinct.table((x) => (x === 0 ? 0 : digamma(b + x) - digamma(b)));
  let [value, dr, dalpha, da, db] = [0, 0, 0, 0, 0];
  for (let row = 0; row < repeats.length; row++) {
    const [x, weight, at] = [repeats[row]!, weights[row]!, distinct.positions[row]!];
    const logAge = Math.log(alpha + age[row]!);
    const stayed = -(r + x) * logAge;
    let [both, left, logLast] = [stayed, 0, 0];
    if (x > 0) {
      logLast = Math.log(alpha + lastAt[row]!);
      const leftAt = Math.log(a / (b + x - 1)) - (r + x) * logLast;
      // The logarithm of the sum of both, and the share of the second.
      left = 1 / (1 + Math.exp(stayed - leftAt));
      both = Math.max(stayed, leftAt) + Math.log1p(Math.exp(-Math.abs(stayed - leftAt)));
    }
    value += weight * (logs0[at]! + logs1[at]! + both);
    dr += weight * (byR[at]! - (1 - left) * logAge - left * logLast);
    dalpha +=
      weight *
      (r / alpha - (r + x) * ((1 - left) / (alpha + age[row]!) + left / (alpha + lastAt[row]!)));
    da += weight * (byA[at]! + left / a);
    db += weight * (byA[at]! + byB[at]! - (x === 0 ? 0 : left / (b + x - 1)));
  }
  // By the logarithm of a parameter: times the parameter.
  return { value, gradient: Float64Array.of(dr * r, dalpha * alpha, da * a, db * b) };
}

/** The chance that a customer with this history is still there at its end. */
export function probabilityAlive(
  model: BgNbd,
  repeats: number,
  lastAt: number,
  age: number,
): number {
  if (repeats === 0) return 1;
  const { r, alpha, a, b } = model;
  const gone =
    Math.log(a / (b + repeats - 1)) + (r + repeats) * Math.log((alpha + age) / (alpha + lastAt));
  return 1 / (1 + Math.exp(gone));
}

/**
 * Expected purchases in the time `ahead` after the history's end (equation 10 of the paper), as that of
 * somebody who is there at its beginning times the chance of being there.
 */
export function expectedPurchases(
  model: BgNbd,
  history: { readonly repeats: number; readonly lastAt: number; readonly age: number },
  ahead: number,
): number {
  const { repeats, lastAt, age } = history;
  return (
    expectedWhileAlive(model, repeats, age, ahead) * probabilityAlive(model, repeats, lastAt, age)
  );
}

/**
 * Equation 10 has a hypergeometric function that overflows for frequent buyers, and 0/0 at a = 1. The same
 * written as a sum over the number k of purchases of somebody who never leaves – negative binomial – times
 * how many of these k are made before leaving has positive terms only, and no such place.
 */
export function expectedWhileAlive(
  { r, alpha, a, b }: BgNbd,
  repeats: number,
  age: number,
  ahead: number,
): number {
  const shape = r + repeats;
  const odds = ahead / (alpha + age + ahead);
  let weight = Math.exp(Math.max(shape * Math.log1p(-odds), -690));
  let [total, expected, made] = [weight, 0, 0];
  /** The chance of still being there when the next of them is made. */
  let present = 1;
  for (let k = 0; ; k++) {
    made += present;
    present *= (b + repeats + k) / (a + b + repeats + k);
    weight *= ((shape + k) / (k + 1)) * odds;
    total += weight;
    expected += weight * made;
    // From here on the weight falls at least by this factor each time.
    const falls = Math.max((shape + k + 1) / (k + 2), 1) * odds;
    if (falls < 1 && weight * (k + 2) < 1e-16 * (1 - falls) ** 2 * Math.max(expected, 1e-300)) {
      return expected / total;
    }
    if (weight > 1e250) {
      weight *= 1e-250;
      total *= 1e-250;
      expected *= 1e-250;
    }
  }
}

function parametersOf(logs: Float64Array): BgNbd {
  const [r = NaN, alpha = NaN, a = NaN, b = NaN] = logs.map(Math.exp);
  return { r, alpha, a, b };
}
