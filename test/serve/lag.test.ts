import { expect, test } from 'vitest';
import { LagTracker } from '../../src/serve/lag.ts';
import type { PartitionState } from '../../src/serve/partition-state.ts';

const NOW = 1_700_000_000_000;
const state = (part: Partial<PartitionState>): PartitionState => ({
  topic: 'app-events',
  partition: 0,
  end: 100,
  position: 100,
  committed: 100,
  lastFetchAt: NOW,
  ...part,
});

test('a partition is caught up only as long as the broker says so; then its lag grows', () => {
  const lags = new LagTracker();
  expect(lags.lag(state({}), NOW)).toEqual({ events: 0, seconds: 0 });
  expect(lags.lag(state({}), NOW + 15_001)).toEqual({ events: null, seconds: 15.001 });
  expect(lags.lag(state({}), NOW + 3_600_000)).toEqual({ events: null, seconds: 3_600 });
  expect(lags.lag(state({ lastFetchAt: null }), NOW)).toEqual({ events: null, seconds: null });
});

test('what is not known is no lag of 0', () => {
  const lags = new LagTracker();
  const unknown = { events: null, seconds: null };
  expect(lags.lag(state({ end: null }), NOW)).toEqual(unknown);
  expect(lags.lag(state({ committed: null, position: null }), NOW)).toEqual(unknown);
  expect(lags.lag(state({ committed: 40 }), NOW)).toEqual({ events: 60, seconds: null });
});

test('while behind, the lag in seconds is the age of the last record stored', () => {
  const lags = new LagTracker();
  lags.stored('app-events/0', NOW - 5_000);
  expect(lags.lag(state({ committed: 40 }), NOW)).toEqual({ events: 60, seconds: 5 });
  expect(lags.lag(state({ committed: 40, lastFetchAt: NOW - 3_600_000 }), NOW).seconds).toBe(5);
  lags.stored('app-events/0', NOW + 60_000);
  expect(lags.lag(state({ committed: 40 }), NOW).seconds).toBe(0);
});

test('one new record after a quiet day is not a day old', () => {
  const lags = new LagTracker();
  lags.stored('app-events/0', NOW - 86_400_000);
  lags.lag(state({ lastFetchAt: NOW - 2_000 }), NOW - 1_000);
  expect(lags.lag(state({ end: 101 }), NOW)).toEqual({ events: 1, seconds: 2 });
});

test('records without time have a lag in seconds only when there is none', () => {
  const lags = new LagTracker();
  lags.stored('app-events/0', -1);
  expect(lags.lag(state({ committed: 40 }), NOW).seconds).toBeNull();
});

test('a line beyond the last known end is no negative lag', () => {
  expect(new LagTracker().lag(state({ committed: 103 }), NOW).events).toBe(0);
});

test('a partition that was given away and comes back is not judged by what was', () => {
  const lags = new LagTracker();
  lags.stored('app-events/0', NOW - 5_000);
  lags.keepOnly(new Set());
  expect(lags.lag(state({ committed: 40 }), NOW).seconds).toBeNull();
});
