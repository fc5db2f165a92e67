import { expect, test } from 'vitest';
import type { BalanceState } from '../../src/serve/balance-gauges.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { samples } from './samples.ts';

const NAMES = [
  'tidemark_negative_balance_users',
  'tidemark_open_balance_breaches',
  'tidemark_balance_breaches_total',
];

test('balances below zero are shown once they are known, and their total never falls', async () => {
  let known: BalanceState | undefined;
  const metrics = new Metrics({
    version: '0',
    commit: 'unknown',
    partitions: () => [],
    balances: () => known,
  });
  const shown = async () => {
    const found = samples(await metrics.text());
    return NAMES.map((name) => found[name]);
  };
  expect(await shown()).toEqual([undefined, undefined, undefined]);
  known = { negativeUsers: 2, openBreaches: 2, breaches: 5 };
  expect(await shown()).toEqual([2, 2, 5]);
  expect(await shown()).toEqual([2, 2, 5]);
  known = { negativeUsers: 1, openBreaches: 1, breaches: 4 };
  expect(await shown()).toEqual([1, 1, 5]);
  known = { negativeUsers: 3, openBreaches: 3, breaches: 6 };
  expect(await shown()).toEqual([3, 3, 6]);
});
