import { expect, test } from 'vitest';
import { Metrics } from '../../src/serve/metrics.ts';
import type { PartitionState } from '../../src/serve/partition-state.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import { samples } from './samples.ts';

/** Names and labels that scripts and alerts of users depend on. */
const PROMISED = [
  'events_total{outcome,reason,stream}',
  'consumer_lag_events{partition,topic}',
  'consumer_lag_seconds{partition,topic}',
  'watermark_timestamp_seconds{partition,topic}',
  'event_lateness_seconds_bucket{le}',
  'last_commit_timestamp_seconds{partition,topic}',
  'insert_duration_seconds_bucket{le,table}',
  'insert_rows_total{table}',
  'retries_total{operation}',
  'cached_user_days',
  'user_day_loads_total',
  'view_age_seconds{view}',
  'view_failed{view}',
  'negative_balance_users',
  'open_balance_breaches',
  'balance_breaches_total',
  'check_failures{check,severity}',
  'scoring_last_success_timestamp_seconds{model}',
  'build_info{commit,version}',
];

const NOW = 1_800_000_000_000;
const PARTITION: PartitionState = {
  topic: 'app-events',
  partition: 0,
  end: 1,
  position: 1,
  committed: 1,
  lastFetchAt: NOW,
};
const LINE: ProgressLine = {
  stream: 'app-events',
  source: 'app-events/0',
  nextOffset: 1,
  watermark: 1,
  accepted: 1,
  duplicate: 0,
  late: 0,
  future: 0,
  invalid: 0,
  skipped: 0,
  countedFrom: 0,
  lastOffset: 0,
  lastRecordTime: NOW,
  lastChecksum: 1,
  rulesEpoch: 1,
};

test('every metric that is promised is there, under its name and with its labels', async () => {
  const metrics = new Metrics({
    version: '1',
    commit: 'c',
    partitions: () => [PARTITION],
    views: () => [{ mart: 'sessions', refreshedAt: NOW, error: null }],
    balances: () => ({ negativeUsers: 1, openBreaches: 1, breaches: 1 }),
    scoring: () => [{ model: 'users', lastSuccessAt: NOW, maxFeaturePsi: 0, scorePsi: 0 }],
    checks: () => [{ check: 'c', severity: 'error', failures: 0, at: NOW }],
    now: () => NOW,
  });
  metrics.committed('app-events/0', LINE, [{ outcome: 'accepted', reason: '', count: 1 }]);
  metrics.lateness('app-events', 1);
  metrics.inserted('events_rows', 1, 1);
  metrics.retried('schema');
  const found = Object.keys(samples(await metrics.text())).map((sample) =>
    sample.replace(/="[^"]*"/g, '').replace(/^tidemark_/, ''),
  );
  expect(PROMISED.filter((name) => !found.includes(name))).toEqual([]);
});
