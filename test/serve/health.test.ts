import { expect, test } from 'vitest';
import { liveness, readiness } from '../../src/serve/health.ts';
import type { PartitionState } from '../../src/serve/partition-state.ts';

const NOW = 1_700_000_000_000;
const state = (part: Partial<PartitionState>): PartitionState => ({
  topic: 't',
  partition: 3,
  end: 10,
  position: 10,
  committed: 10,
  lastFetchAt: NOW,
  ...part,
});
const OK = { ok: true, reasons: [] };

test('it is alive while nothing is assigned, and while fetches are answered', () => {
  expect(liveness([], NOW)).toEqual(OK);
  expect(
    liveness([state({ lastFetchAt: null }), state({ lastFetchAt: NOW - 119_000 })], NOW),
  ).toEqual(OK);
});

test('it is not alive when reading came to a halt', () => {
  expect(liveness([state({ lastFetchAt: NOW - 121_000 })], NOW)).toEqual({
    ok: false,
    reasons: ['no broker has answered a fetch of t/3 for 121 s'],
  });
});

test('it is not alive when no fetch was ever answered', () => {
  const never = state({ lastFetchAt: null, readingSince: NOW - 121_000 });
  expect(liveness([never], NOW).reasons).toEqual([
    'no broker has answered a fetch of t/3 for 121 s',
  ]);
  expect(liveness([state({ lastFetchAt: null, readingSince: NOW - 119_000 })], NOW)).toEqual(OK);
  expect(readiness([never], null, [], NOW).ok).toBe(false);
});

test('it is alive while it waits for ClickHouse, however long', () => {
  const waiting = state({ position: 10, committed: 4, lastFetchAt: NOW - 86_400_000 });
  expect(liveness([waiting], NOW)).toEqual(OK);
  expect(readiness([waiting], 'ECONNREFUSED', [], NOW).reasons).toEqual([
    'ClickHouse cannot be reached: ECONNREFUSED',
  ]);
});

test('it is ready when partitions are read and ClickHouse answers', () => {
  expect(readiness([state({})], null, [], NOW)).toEqual(OK);
});

test.each<[string, readonly PartitionState[], readonly string[], string]>([
  ['no partition', [], [], 'no partition is assigned to this process yet'],
  ['a partition not taken up', [state({ committed: null })], [], 't/3 is not taken up yet'],
  [
    'silent brokers',
    [state({ lastFetchAt: NOW - 16_000 })],
    [],
    'no broker has answered a fetch of t/3 for 16 s',
  ],
  ['what others report', [state({})], ['topic t does not exist yet'], 'topic t does not exist yet'],
])('with %s it is not ready, and says so', (_, partitions, problems, reason) => {
  expect(readiness(partitions, null, problems, NOW)).toEqual({ ok: false, reasons: [reason] });
});
