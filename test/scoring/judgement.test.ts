import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classify } from '../../src/scoring/classification.ts';
import { binEdges, distributionOf, stabilityIndex } from '../../src/scoring/drift.ts';
import {
  chiSquareTail,
  digamma,
  logGamma,
  normalTwoSided,
} from '../../src/scoring/special-functions.ts';
import { seed } from '../support/seed.ts';
import { people } from './made-up-people.ts';

test('special functions have the values of the tables', () => {
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14);
  expect(logGamma(101)).toBeCloseTo(363.7393755555635, 10);
  expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 14);
  expect(digamma(0.1)).toBeCloseTo(-10.423754940411076, 12);
  expect(normalTwoSided(1.959963984540054)).toBeCloseTo(0.05, 14);
  expect(normalTwoSided(-10) / 1.523970604832e-23).toBeCloseTo(1, 10);
  expect(chiSquareTail(3.841458820694124, 1)).toBeCloseTo(0.05, 12);
  expect(chiSquareTail(18.307038053275146, 10)).toBeCloseTo(0.05, 12);
});

test('the area under the curve counts the pairs that are in the right order, ties half', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(rows, (drawn) => {
      fc.pre(drawn.some(([, positive]) => positive) && drawn.some(([, positive]) => !positive));
      const probabilities = Float64Array.from(drawn, ([step]) => step / 6);
      const targets = Uint8Array.from(drawn, ([, positive]) => (positive ? 1 : 0));
      let [right, pairs] = [0, 0];
      for (const [high, positive] of drawn) {
        for (const [low, other] of drawn) {
          if (!positive || other) continue;
          pairs++;
          right += high > low ? 1 : high === low ? 0.5 : 0;
        }
      }
      expect(classify(probabilities, targets).auc).toBeCloseTo(right / pairs, 12);
    }),
  );
});

test('log-loss, Brier score and accuracy of a few rows by hand, finite even when the model was sure and wrong', () => {
  const { logLoss, brier, accuracy, baseRate } = classify(
    Float64Array.of(0.9, 0.2, 0.6, 0.5),
    Uint8Array.of(1, 0, 0, 1),
  );
  expect(logLoss).toBeCloseTo(-(Math.log(0.9) + Math.log(0.8) + Math.log(0.4) + Math.log(0.5)) / 4);
  expect(brier).toBeCloseTo((0.01 + 0.04 + 0.36 + 0.25) / 4);
  expect([accuracy, baseRate]).toEqual([0.75, 0.5]);
  expect(classify(Float64Array.of(0, 1), Uint8Array.of(1, 0)).logLoss).toBeLessThan(40);
});

test('a model that tells the truth is calibrated in every tenth', () => {
  const { uniform } = people(seed);
  const probabilities = Float64Array.from({ length: 50_000 }, uniform);
  const targets = Uint8Array.from(probabilities, (chance) => (uniform() < chance ? 1 : 0));
  const { calibration } = classify(probabilities, targets);
  expect(calibration.map(({ rows }) => rows)).toEqual(Array(10).fill(5000));
  for (const { predicted, observed } of calibration) {
    expect(Math.abs(predicted - observed)).toBeLessThan(0.04);
  }
});

test('two samples of one distribution are stable, a shifted one is not', () => {
  const { normal } = people(seed + 1);
  const [before, again] = [0, 0].map(() => Float64Array.from({ length: 20_000 }, normal));
  const edges = binEdges(before!);
  expect(edges).toHaveLength(9);
  const was = distributionOf(before!, edges).counts;
  expect(was.reduce((sum, count) => sum + count, 0)).toBe(20_000);
  expect(stabilityIndex(was, distributionOf(again!, edges).counts)).toBeLessThan(0.01);
  const shifted = again!.map((value) => value + 1);
  expect(stabilityIndex(was, distributionOf(shifted, edges).counts)).toBeGreaterThan(0.25);
});

test('the stability index by hand: 50/50 before and 80/20 now', () => {
  expect(stabilityIndex([50, 50], [160, 40])).toBeCloseTo(
    0.3 * Math.log(1.6) - 0.3 * Math.log(0.4),
  );
  expect(stabilityIndex([10, 0], [10, 0])).toBe(0);
  expect(stabilityIndex([0, 0], [1, 2])).toBeNaN();
});

test('values that are mostly zero have fewer bins, and missing ones have none', () => {
  const values = Float64Array.of(0, 0, 0, 0, 0, 0, 0, 0, 3, 9, NaN);
  const edges = binEdges(values);
  expect(edges[0]).toBe(0);
  expect(new Set(edges).size).toBe(edges.length);
  expect(distributionOf(values, edges).counts.reduce((sum, count) => sum + count, 0)).toBe(10);
});
