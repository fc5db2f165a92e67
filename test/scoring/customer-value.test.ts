import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bgNbdLikelihood,
  expectedPurchases,
  fitBgNbd,
  probabilityAlive,
} from '../../src/scoring/bg-nbd.ts';
import {
  expectedValue,
  fitGammaGamma,
  gammaGammaLikelihood,
} from '../../src/scoring/gamma-gamma.ts';
import type { Slope } from '../../src/scoring/maximise.ts';
import { DistinctCounts } from '../../src/scoring/purchase-histories.ts';
import type { PurchaseHistories } from '../../src/scoring/purchase-histories.ts';
import { seed } from '../support/seed.ts';
import { people } from './made-up-people.ts';

/** Customer, repeats, last day, age in days, mean value. */
const CDNOW = readFileSync(new URL('../fixtures/cdnow/calibration.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(',').map(Number));

const column = (of: (row: readonly number[]) => number) => Float64Array.from(CDNOW, of);
const IN_WEEKS: PurchaseHistories = {
  repeats: column(([, repeats]) => repeats!),
  lastAt: column(([, , last]) => last! / 7),
  age: column(([, , , age]) => age! / 7),
  weights: column(() => 1),
};
const BUYERS = CDNOW.filter(([, repeats]) => repeats! > 0);
const VALUES = {
  purchases: Float64Array.from(BUYERS, ([, repeats]) => repeats!),
  means: Float64Array.from(BUYERS, (row) => row[4]!),
};

test('BG/NBD on the CDNOW sample gives the parameters of Fader, Hardie and Lee (2005)', async () => {
  const { parameters, stdErrors, logLikelihood, converged } = await fitBgNbd(IN_WEEKS);
  expect(CDNOW).toHaveLength(2357);
  expect(converged).toBe(true);
  expect(parameters.r).toBeCloseTo(0.243, 3);
  expect(parameters.alpha).toBeCloseTo(4.414, 3);
  expect(parameters.a).toBeCloseTo(0.793, 3);
  expect(parameters.b).toBeCloseTo(2.426, 3);
  expect(logLikelihood).toBeCloseTo(-9582.4, 1);
  expect(stdErrors.r).toBeCloseTo(0.0126, 3);
});

test('a customer with 2 repeat purchases, the last after 30.43 of 38.86 weeks, buys 1.226 times in 39', () => {
  const model = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
  const history = { repeats: 2, lastAt: 30.43, age: 38.86 };
  expect(expectedPurchases(model, history, 39)).toBeCloseTo(1.226, 3);
  expect(probabilityAlive(model, 2, 30.43, 38.86)).toBeGreaterThan(0.5);
  expect(probabilityAlive(model, 0, 0, 38.86)).toBe(1);
});

test('Gamma-Gamma on the 946 customers with repeat purchases gives p 6.25, q 3.74, v 15.44', async () => {
  const { parameters, converged } = await fitGammaGamma(VALUES);
  expect(BUYERS).toHaveLength(946);
  expect(converged).toBe(true);
  expect(parameters.p).toBeCloseTo(6.25, 2);
  expect(parameters.q).toBeCloseTo(3.74, 2);
  expect(parameters.v).toBeCloseTo(15.44, 2);
  // The mean of all, and of one who spent far more, drawn towards it.
  const { p, q, v } = parameters;
  expect(expectedValue(parameters, 0, 0)).toBeCloseTo((p * v) / (q - 1), 9);
  expect(expectedValue(parameters, 1, 200)).toBeLessThan(200);
  expect(expectedValue(parameters, 100, 200)).toBeGreaterThan(195);
});

test('another unit of time or money changes only the parameter that has it', async () => {
  const days = await fitBgNbd({
    ...IN_WEEKS,
    lastAt: IN_WEEKS.lastAt.map((weeks) => 7 * weeks),
    age: IN_WEEKS.age.map((weeks) => 7 * weeks),
  });
  const weeks = await fitBgNbd(IN_WEEKS);
  expect(days.parameters.alpha).toBeCloseTo(7 * weeks.parameters.alpha, 5);
  expect(days.parameters.b).toBeCloseTo(weeks.parameters.b, 6);
  const cents = await fitGammaGamma({ ...VALUES, means: VALUES.means.map((mean) => 100 * mean) });
  expect(cents.parameters.v).toBeCloseTo(1544.35, 1);
  expect(cents.parameters.p).toBeCloseTo(6.24957, 4);
});

test('customers with one history may be one row with a weight', async () => {
  const rows = new Map<string, number>();
  CDNOW.forEach(([, repeats, last, age]) => {
    const key = [repeats, last! / 7, age! / 7].join();
    rows.set(key, (rows.get(key) ?? 0) + 1);
  });
  const distinct = [...rows].map(([key, weight]) => [...key.split(',').map(Number), weight]);
  expect(distinct.length).toBeLessThan(CDNOW.length / 2);
  const fit = await fitBgNbd({
    repeats: Float64Array.from(distinct, ([repeats]) => repeats!),
    lastAt: Float64Array.from(distinct, ([, last]) => last!),
    age: Float64Array.from(distinct, ([, , age]) => age!),
    weights: Float64Array.from(distinct, ([, , , weight]) => weight!),
  });
  expect(fit.parameters.a).toBeCloseTo((await fitBgNbd(IN_WEEKS)).parameters.a, 7);
});

test('the gradients are those of the likelihoods', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 4, maxLength: 4 }),
      (logs) => {
        const repeats = new DistinctCounts(IN_WEEKS.repeats);
        const purchases = new DistinctCounts(VALUES.purchases);
        expectGradient((at) => bgNbdLikelihood(IN_WEEKS, repeats, at), logs);
        expectGradient((at) => gammaGammaLikelihood(VALUES, purchases, at), logs.slice(1));
      },
    ),
    { numRuns: 10 },
  );
});

test('expected purchases are those of the hypergeometric formula of the paper', () => {
  const parameter = fc.double({ min: 0.1, max: 5, noNaN: true });
  fc.assert(
    fc.property(
      fc.record({ r: parameter, alpha: parameter, a: parameter, b: parameter }),
      fc.integer({ min: 0, max: 12 }),
      fc.double({ min: 1, max: 50, noNaN: true }),
      fc.double({ min: 0.1, max: 60, noNaN: true }),
      (model, repeats, age, ahead) => {
        const { a, b } = model;
        // Where the formula itself has 0/0 its digits are lost.
        fc.pre(Math.abs(a - 1) > 0.05 && Math.abs(a + b + repeats - 1) > 0.05);
        const history = { repeats, lastAt: repeats === 0 ? 0 : age * 0.7, age };
        const expected = byEquation10(model, history, ahead);
        expect(expectedPurchases(model, history, ahead) / expected).toBeCloseTo(1, 6);
      },
    ),
    { numRuns: 200 },
  );
});

test('expected purchases stay finite at a = 1, for the busiest buyers and the longest times', () => {
  for (const repeats of [0, 1, 50, 3000]) {
    const model = { r: 0.5, alpha: 2, a: 1, b: 3 };
    const near = { ...model, a: 1 + 1e-9 };
    const history = { repeats, lastAt: repeats === 0 ? 0 : 3649, age: 3650 };
    const expected = expectedPurchases(model, history, 3650);
    expect(expected).toBeGreaterThan(0);
    expect(expected).toBeLessThan(10_000);
    expect(expectedPurchases(near, history, 3650) / expected).toBeCloseTo(1, 6);
    expect(expectedPurchases(model, history, 0)).toBe(0);
  }
});

test.each([
  ['one customer', [[1, 5, 10]]],
  ['nobody ever leaves', Array.from({ length: 500 }, (_, i) => [30, 300 - (i % 5), 300])],
  ['everybody leaves at once', Array.from({ length: 500 }, () => [1, 2, 300])],
  ['a purchase every day', Array.from({ length: 300 }, () => [999, 1000, 1000])],
  [
    'hardly anybody comes back',
    Array.from({ length: 5000 }, (_, i) => (i < 3 ? [1, 9, 300] : [0, 0, 300])),
  ],
])(
  'customers that do not determine the parameters end in finite expectations, and it is said: %s',
  async (_, rows) => {
    const { parameters, converged } = await fitBgNbd({
      repeats: Float64Array.from(rows, ([repeats]) => repeats!),
      lastAt: Float64Array.from(rows, ([, last]) => last!),
      age: Float64Array.from(rows, ([, , age]) => age!),
      weights: new Float64Array(rows.length).fill(1),
    });
    expect(converged).toBe(false);
    const [repeats, lastAt, age] = rows[0]! as [number, number, number];
    const expected = expectedPurchases(parameters, { repeats, lastAt, age }, 365);
    expect(expected).toBeGreaterThanOrEqual(0);
    expect(expected).toBeLessThan(400);
  },
);

test('equal amounts end in that amount, and it is said that they do not determine the parameters', async () => {
  const { parameters, converged } = await fitGammaGamma({
    purchases: new Float64Array(100).fill(2),
    means: new Float64Array(100).fill(10),
  });
  expect(converged).toBe(false);
  expect(expectedValue(parameters, 1, 10)).toBeCloseTo(10, 4);
});

test('the parameters of made-up customers are found again', async () => {
  const { uniform, normal } = people(seed);
  const truth = { r: 0.8, alpha: 10, a: 0.6, b: 2.5 };
  const gamma = (shape: number) => gammaOf(shape, uniform, normal);
  const rows = Array.from({ length: 8000 }, () => {
    const rate = gamma(truth.r) / truth.alpha;
    const [x, y] = [gamma(truth.a), gamma(truth.b)];
    const leaves = x / (x + y);
    const age = 50 + Math.floor(100 * uniform());
    let [time, last, repeats] = [0, 0, 0];
    // Nobody leaves before the first repeat purchase.
    for (;;) {
      time -= Math.log(uniform()) / rate;
      if (time > age) break;
      last = time;
      repeats++;
      if (uniform() < leaves) break;
    }
    return [repeats, last, age] as const;
  });
  const { parameters, stdErrors } = await fitBgNbd({
    repeats: Float64Array.from(rows, ([repeats]) => repeats),
    lastAt: Float64Array.from(rows, ([, last]) => last),
    age: Float64Array.from(rows, ([, , age]) => age),
    weights: new Float64Array(rows.length).fill(1),
  });
  for (const name of ['r', 'alpha', 'a', 'b'] as const) {
    expect(Math.abs(parameters[name] - truth[name]) / stdErrors[name], name).toBeLessThan(4.5);
  }
});

function expectGradient(slopeAt: (at: Float64Array) => Slope, logs: readonly number[]): void {
  const { gradient } = slopeAt(Float64Array.from(logs));
  for (const [i, slope] of gradient.entries()) {
    const at = (shift: number) =>
      slopeAt(Float64Array.from(logs, (log, j) => (j === i ? log + shift : log))).value;
    const difference = (at(1e-5) - at(-1e-5)) / 2e-5;
    expect(Math.abs(slope - difference)).toBeLessThan(1e-3 + 1e-6 * Math.abs(slope));
  }
}

/** As printed; the Gaussian hypergeometric function by its series. */
function byEquation10(
  { r, alpha, a, b }: { r: number; alpha: number; a: number; b: number },
  { repeats: x, lastAt, age }: { repeats: number; lastAt: number; age: number },
  t: number,
): number {
  const z = t / (alpha + age + t);
  let [sum, term] = [0, 1];
  for (let j = 0; j < 5000; j++) {
    sum += term;
    term *= (((r + x + j) * (b + x + j)) / ((a + b + x - 1 + j) * (j + 1))) * z;
  }
  const shrunk = ((alpha + age) / (alpha + age + t)) ** (r + x) * sum;
  const gone = x === 0 ? 0 : (a / (b + x - 1)) * ((alpha + age) / (alpha + lastAt)) ** (r + x);
  return ((a + b + x - 1) / (a - 1)) * ((1 - shrunk) / (1 + gone));
}

/** By Marsaglia and Tsang. */
function gammaOf(shape: number, uniform: () => number, normal: () => number): number {
  if (shape < 1) return gammaOf(shape + 1, uniform, normal) * uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  for (;;) {
    const x = normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(uniform()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
