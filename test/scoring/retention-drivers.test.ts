import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FeatureTable } from '../../src/scoring/feature-table.ts';
import { retentionDrivers } from '../../src/scoring/retention-drivers.ts';
import { seed } from '../support/seed.ts';
import { people, tableOf } from './made-up-people.ts';
import { SPECTOR } from './spector.ts';

const PLAIN = { l2: 0, seed: 1 };

test('the Spector data give the numbers that the textbooks print', async () => {
  const model = await retentionDrivers(SPECTOR, PLAIN);
  const of = (name: string) => model.coefficients.find(({ feature }) => feature === name)!;
  expect(of('(intercept)').coefficient).toBeCloseTo(-13.021347, 6);
  expect(of('(intercept)').stdError).toBeCloseTo(4.931324, 5);
  expect(of('GPA').coefficient).toBeCloseTo(2.826113, 6);
  expect(of('GPA').stdError).toBeCloseTo(1.262941, 6);
  expect(of('GPA').oddsRatioPerUnit).toBeCloseTo(16.879715, 6);
  expect(of('GPA').pValue).toBeCloseTo(0.025239, 6);
  expect(of('TUCE').coefficient).toBeCloseTo(0.095158, 6);
  expect(of('PSI').coefficient).toBeCloseTo(2.378688, 6);
  expect(of('PSI').oddsRatioPerUnit).toBeCloseTo(10.790732, 6);
  expect(of('PSI').ciLow).toBeCloseTo(1.3393, 4);
  expect(of('PSI').ciHigh).toBeCloseTo(86.938, 4);
  expect(model.logLikelihood).toBeCloseTo(-12.889634, 6);
  expect(model.nullLogLikelihood).toBeCloseTo(-20.59173, 5);
  expect(model.pseudoR2).toBeCloseTo(0.374038, 6);
  expect(model.pValue).toBeCloseTo(0.001502, 6);
  expect(model.dropped).toEqual([]);
});

test('the odds ratio per standard deviation uses the deviation of the sample', async () => {
  const gpa = (await retentionDrivers(SPECTOR, PLAIN)).coefficients[1]!;
  expect(gpa.deviation).toBeCloseTo(0.466713, 6);
  expect(gpa.oddsRatioPerSd).toBeCloseTo(Math.exp(2.826113 * 0.466713), 5);
});

test('at the optimum every gradient is zero, whatever the scale of the features', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.constantFrom(1e-6, 1, 1e6),
      fc.constantFrom(0, 1e4),
      async (from, scale, shift) => {
        const { uniform, normal } = people(from);
        const rows = Array.from({ length: 120 }, () => {
          const [a, b] = [normal(), Math.floor(4 * uniform())];
          const target = uniform() < 1 / (1 + Math.exp(-(a - b + 1))) ? 1 : 0;
          return [target, scale * (a + shift), b, normal()];
        });
        const table = tableOf(['a', 'b', 'noise'], rows);
        const { coefficients, probabilities, dropped } = await retentionDrivers(table, PLAIN);
        expect(dropped).toEqual([]);
        expect(coefficients).toHaveLength(4);
        for (const [j, feature] of ['one', 'a', 'b', 'noise'].entries()) {
          let gradient = 0;
          for (const [i, row] of rows.entries()) {
            const value = j === 0 ? 1 : row[j]! / (feature === 'a' ? scale * (1 + shift) : 1);
            gradient += (row[0]! - probabilities[i]!) * value;
          }
          expect(Math.abs(gradient), feature).toBeLessThan(1e-6);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('where the labels are shuffled there is no driver beyond chance', async () => {
  const runs = 100;
  let [significant, all, aucs] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const { uniform, normal } = people(seed + run);
    const rows = Array.from({ length: 400 }, () => [
      uniform() < 0.3 ? 1 : 0,
      normal(),
      Math.floor(-3 * Math.log(uniform())),
      uniform() < 0.4 ? 1 : 0,
      normal(),
    ]);
    const model = await retentionDrivers(tableOf(['a', 'count', 'flag', 'd'], rows), {
      l2: 0,
      seed: run,
    });
    const features = model.coefficients.slice(1);
    all += features.length;
    significant += features.filter(({ pValue }) => pValue < 0.05).length;
    aucs += model.heldOut!.auc;
  }
  // Of 400 tests at 5 % some 20 are significant, give or take 4.4.
  expect(all).toBe(4 * runs);
  expect(significant).toBeGreaterThan(2);
  expect(significant).toBeLessThan(42);
  expect(Math.abs(aucs / runs - 0.5)).toBeLessThan(0.04);
});

test('the 95 % intervals hold the truth in about 95 % of samples', async () => {
  const runs = 200;
  let held = 0;
  for (let run = 0; run < runs; run++) {
    const { uniform, normal } = people(seed + 7919 * run);
    const rows = Array.from({ length: 500 }, () => {
      const value = normal();
      return [uniform() < 1 / (1 + Math.exp(-(0.7 * value - 0.5))) ? 1 : 0, value];
    });
    const { ciLow, ciHigh } = (await retentionDrivers(tableOf(['x'], rows), PLAIN))
      .coefficients[1]!;
    if (ciLow < Math.exp(0.7) && Math.exp(0.7) < ciHigh) held++;
  }
  expect(held).toBeGreaterThan(175);
  expect(held).toBeLessThan(200);
});

test('features that separate the classes are named, left out, and everything stays finite', async () => {
  const { normal } = people(3);
  const rows = Array.from({ length: 60 }, (_, i) => [i % 2, normal(), i % 2 === 1 ? 5 + i : -i]);
  const complete = await retentionDrivers(tableOf(['noise', 'tell_tale'], rows), PLAIN);
  expect(complete.dropped).toEqual([{ feature: 'tell_tale', reason: 'separating', with: [] }]);
  checkFinite(complete.coefficients);
});

test('a feature that only ever comes with one class separates too, as rare as it is', async () => {
  const { uniform } = people(4);
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const rare = i < 4 ? 1 : 0;
    return [rare === 1 || uniform() < 0.2 ? 1 : 0, Math.floor(5 * uniform()), rare];
  });
  const model = await retentionDrivers(tableOf(['count', 'rare'], rows), PLAIN);
  expect(model.dropped).toEqual([{ feature: 'rare', reason: 'separating', with: [] }]);
  expect(model.coefficients.map(({ feature }) => feature)).toEqual(['(intercept)', 'count']);
  checkFinite(model.coefficients);
});

test('features that separate only together are named together', async () => {
  const { normal } = people(5);
  const rows = Array.from({ length: 200 }, () => {
    const [a, b] = [normal(), normal()];
    return [a + b > 0 ? 1 : 0, a, b];
  });
  const { dropped, coefficients } = await retentionDrivers(tableOf(['a', 'b'], rows), PLAIN);
  expect(dropped).toHaveLength(1);
  expect([dropped[0]!.feature, ...dropped[0]!.with].sort()).toEqual(['a', 'b']);
  checkFinite(coefficients);
});

test('a strong feature that does not separate stays', async () => {
  const { uniform } = people(6);
  const rows = Array.from({ length: 2000 }, () => {
    const value = 20 * uniform() - 10;
    return [uniform() < 1 / (1 + Math.exp(-4 * value)) ? 1 : 0, value];
  });
  const { dropped, coefficients } = await retentionDrivers(tableOf(['strong'], rows), PLAIN);
  expect(dropped).toEqual([]);
  expect(coefficients[1]!.coefficient).toBeGreaterThan(2.5);
});

test('a feature that only the held-out users vary in leaves the measures of quality finite', async () => {
  const { uniform } = people(7);
  const rows = Array.from({ length: 200 }, (_, i) => [
    uniform() < 0.5 ? 1 : 0,
    Math.floor(5 * uniform()),
    i === 17 || i === 18 ? 1 : 0,
  ]);
  // One of each class, so that nothing separates in the whole.
  rows[17]![0] = 1;
  rows[18]![0] = 0;
  for (let from = 0; from < 60; from++) {
    const { heldOut, dropped } = await retentionDrivers(tableOf(['count', 'rare'], rows), {
      l2: 0,
      seed: from,
    });
    expect(dropped).toEqual([]);
    expect(Number.isFinite(heldOut!.logLoss)).toBe(true);
    expect(heldOut!.auc).toBeGreaterThan(0);
  }
});

test('constant features are named and left out', async () => {
  const table = withColumn(SPECTOR, 'always', () => 0.1);
  const model = await retentionDrivers(table, PLAIN);
  expect(model.dropped).toEqual([{ feature: 'always', reason: 'constant', with: [] }]);
  expect(model.logLikelihood).toBeCloseTo(-12.889634, 6);
});

test('a collinear feature is named with those that it is a combination of', async () => {
  const table = withColumn(SPECTOR, 'sum', ([, gpa, tuce]) => 1000 * gpa! - 3 * tuce! + 7);
  const model = await retentionDrivers(table, PLAIN);
  expect(model.dropped).toEqual([{ feature: 'sum', reason: 'collinear', with: ['GPA', 'TUCE'] }]);
  expect(model.coefficients.map(({ feature }) => feature)).toEqual([
    '(intercept)',
    'GPA',
    'TUCE',
    'PSI',
  ]);
  expect(model.logLikelihood).toBeCloseTo(-12.889634, 6);
});

test('what is not known is taken for the mean, and said', async () => {
  const table = withColumn(SPECTOR, 'score', ([target, gpa], row) =>
    row < 3 ? NaN : gpa! * (row % 5) - target!,
  );
  const model = await retentionDrivers(table, PLAIN);
  expect(model.imputed).toEqual([{ feature: 'score', rows: 3 }]);
  checkFinite(model.coefficients);
});

test('a penalty shrinks the coefficients, and makes separable data finite', async () => {
  const [plain, penalised] = await Promise.all(
    [0, 1].map((l2) => retentionDrivers(SPECTOR, { l2, seed: 1 })),
  );
  for (const j of [1, 2, 3]) {
    const [before, after] = [plain!.coefficients[j]!, penalised!.coefficients[j]!];
    expect(Math.abs(after.coefficient * after.deviation)).toBeLessThan(
      Math.abs(before.coefficient * before.deviation) + 0.05,
    );
  }
  expect(penalised!.logLikelihood).toBeLessThan(plain!.logLikelihood);
  const rows = Array.from({ length: 40 }, (_, i) => [i < 20 ? 0 : 1, i]);
  const separable = await retentionDrivers(tableOf(['x'], rows), { l2: 1, seed: 1 });
  expect(separable.dropped).toEqual([]);
  checkFinite(separable.coefficients);
});

test('the same seed holds the same people out, a fifth of each class', async () => {
  const { uniform, normal } = people(8);
  const rows = Array.from({ length: 1000 }, (_, i) => [i < 100 ? 1 : 0, normal() + uniform()]);
  const table = tableOf(['x'], rows);
  const [one, same, other] = await Promise.all(
    [1, 1, 2].map((from) => retentionDrivers(table, { l2: 0, seed: from })),
  );
  expect(one!.heldOut).toEqual(same!.heldOut);
  expect(one!.heldOut).not.toEqual(other!.heldOut);
  expect(one!.heldOut).toMatchObject({ rows: 200, baseRate: 0.1 });
});

function checkFinite(coefficients: readonly object[]): void {
  for (const coefficient of coefficients) {
    const { feature, ...numbers } = coefficient as Record<string, number> & { feature: string };
    const { mean: _, deviation: __, oddsRatioPerSd: ___, ...always } = numbers;
    const checked = feature === ('(intercept)' as string | number) ? always : numbers;
    for (const [name, value] of Object.entries(checked)) {
      expect(Number.isFinite(value), `${name} of ${String(feature)} is ${value}`).toBe(true);
    }
  }
}

function withColumn(
  { features, rows, values }: FeatureTable,
  name: string,
  of: (row: readonly number[], index: number) => number,
): FeatureTable {
  const stride = features.length + 1;
  return tableOf(
    [...features, name],
    Array.from({ length: rows }, (_, i) => {
      const row = [...values.subarray(i * stride, (i + 1) * stride)];
      return [...row, of(row, i)];
    }),
  );
}
