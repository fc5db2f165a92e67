import { expect, test } from 'vitest';
import type { CheckState } from '../../src/serve/check-gauges.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { samples } from './samples.ts';

test('the failures of the newest run are shown by check, and nothing before there is one', async () => {
  let known: readonly CheckState[] = [];
  const metrics = new Metrics({
    version: '0',
    commit: 'unknown',
    partitions: () => [],
    checks: () => known,
  });
  const shown = async () =>
    Object.fromEntries(
      Object.entries(samples(await metrics.text())).filter(([name]) => name.includes('check_')),
    );
  expect(await shown()).toEqual({});
  known = [
    { check: 'unique-events', severity: 'error', failures: 2, at: 1_800_000_000_000 },
    { check: 'cities-are-in-one-state', severity: 'warn', failures: 0, at: 1_800_000_000_000 },
  ];
  expect(await shown()).toEqual({
    'tidemark_check_failures{check="unique-events",severity="error"}': 2,
    'tidemark_check_failures{check="cities-are-in-one-state",severity="warn"}': 0,
    tidemark_check_last_run_timestamp_seconds: 1_800_000_000,
  });
  known = [{ check: 'unique-events', severity: 'error', failures: 0, at: 1_800_000_001_000 }];
  expect(await shown()).toEqual({
    'tidemark_check_failures{check="unique-events",severity="error"}': 0,
    tidemark_check_last_run_timestamp_seconds: 1_800_000_001,
  });
});
