import { expect, test } from 'vitest';
import type { ClickHouseState } from '../../src/serve/clickhouse-gauges.ts';
import type { GrowthState } from '../../src/serve/growth-gauges.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { samples } from './samples.ts';

const DAY = {
  start: 1_750_000_000,
  activeUsers: 100,
  newUsers: 10,
  retainedUsers: 70,
  resurrectedUsers: 20,
  churnedUsers: 40,
  quickRatio: 0.75,
};

async function shown(
  growth: readonly GrowthState[],
  clickhouse?: ClickHouseState,
): Promise<Record<string, number>> {
  const metrics = new Metrics({
    version: '0',
    commit: 'unknown',
    partitions: () => [],
    growth: () => growth,
    clickhouse: () => clickhouse,
  });
  const ours = /growth|quick_ratio|active_users|complete_period|clickhouse/;
  const found = Object.entries(samples(await metrics.text()));
  return Object.fromEntries(found.filter(([name]) => ours.test(name)));
}

test('growth is that of the last complete day, beside the ratio of the one before', async () => {
  const before = { ...DAY, quickRatio: 1.5 };
  const growth = [{ period: 'day', latest: [before, DAY], brokenIdentities: 0 }];
  expect(await shown(growth)).toEqual({
    'tidemark_quick_ratio{period="day"}': 0.75,
    'tidemark_previous_quick_ratio{period="day"}': 1.5,
    'tidemark_active_users{period="day"}': 100,
    'tidemark_complete_period_start_timestamp_seconds{period="day"}': 1_750_000_000,
    'tidemark_growth_identity_broken{period="day"}': 0,
    'tidemark_growth_users{kind="new",period="day"}': 10,
    'tidemark_growth_users{kind="retained",period="day"}': 70,
    'tidemark_growth_users{kind="resurrected",period="day"}': 20,
    'tidemark_growth_users{kind="churned",period="day"}': 40,
  });
});

test('a ratio that there is not is not shown, and nothing is of a month that is not over', async () => {
  const alone = { ...DAY, quickRatio: null };
  const found = await shown([
    { period: 'day', latest: [alone], brokenIdentities: 0 },
    { period: 'month', latest: [], brokenIdentities: 2 },
  ]);
  expect(Object.keys(found).filter((name) => name.includes('ratio'))).toEqual([]);
  expect(Object.keys(found).filter((name) => name.includes('month'))).toEqual([
    'tidemark_growth_identity_broken{period="month"}',
  ]);
});

test('a ClickHouse that does not answer is down, and has no parts that anybody knows of', async () => {
  const parts = [{ table: 'events_rows', parts: 7 }];
  expect(await shown([])).toEqual({});
  expect(await shown([], { answers: true, parts })).toEqual({
    tidemark_clickhouse_up: 1,
    'tidemark_clickhouse_parts{table="events_rows"}': 7,
  });
  expect(await shown([], { answers: false, parts })).toEqual({ tidemark_clickhouse_up: 0 });
});
