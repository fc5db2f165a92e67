import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { readVitalSigns } from '../../src/warehouse/vital-signs.ts';
import { watchVitalSigns } from '../../src/warehouse/vital-signs-loop.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { MartWorld } from './mart-world.ts';

let clickhouse: TestClickHouse;
beforeAll(async () => {
  clickhouse = await testClickHouse();
});
afterAll(async () => {
  await clickhouse.close();
});

test('an empty database has no growth, nothing broken, and few parts', async () => {
  const { growth, parts } = await readVitalSigns(clickhouse.client);
  expect(growth).toEqual([]);
  expect(parts.every((each) => each.parts < 100)).toBe(true);
  expect(parts.map(({ table }) => table)).toContain('schema_migrations');
});

test('growth is of the last two complete days and months, and a day that does not add up is found', async () => {
  const world = await MartWorld.open(clickhouse);
  const day = (user: string, date: string) => ({
    user,
    source: 'app-events/0',
    id: `${user} ${date}`,
    time: Date.parse(`${date}T12:00:00Z`) * 1000,
    type: 'page_view',
    platform: null,
    utm: null,
    delta: 0,
  });
  await world.accept([
    day('a', '2025-01-20'),
    day('b', '2025-01-20'),
    day('a', '2025-02-26'),
    day('c', '2025-02-26'),
    day('a', '2025-02-27'),
    day('d', '2025-02-27'),
    day('e', '2025-03-30'),
    day('e', '2025-03-31'),
  ]);
  await world.refresher.refresh();
  const { growth } = await readVitalSigns(world.client);
  const [days, months] = growth;
  expect(growth.map(({ period, brokenIdentities }) => [period, brokenIdentities])).toEqual([
    ['day', 0],
    ['month', 0],
  ]);
  const rows = await clickhouse.rows(
    `SELECT toUnixTimestamp(toDateTime(event_date, 'UTC')) AS start, daily_active_users AS activeUsers
     FROM growth_metrics WHERE is_complete ORDER BY event_date DESC LIMIT 2`,
    world.client,
  );
  expect(days!.latest.map(({ start, activeUsers }) => ({ start, activeUsers }))).toEqual(
    rows.toReversed(),
  );
  expect(rows).toHaveLength(2);
  expect(months!.latest).toEqual([
    {
      start: Date.parse('2025-01-01') / 1000,
      activeUsers: 2,
      newUsers: 2,
      retainedUsers: 0,
      resurrectedUsers: 0,
      churnedUsers: 0,
      quickRatio: null,
    },
    {
      start: Date.parse('2025-02-01') / 1000,
      activeUsers: 3,
      newUsers: 2,
      retainedUsers: 1,
      resurrectedUsers: 0,
      churnedUsers: 1,
      quickRatio: 2,
    },
  ]);

  // Users that do not add up are found.
  await world.client.command({
    query: `INSERT INTO activity_by_day_rows
SELECT * REPLACE (active_users + 1 AS active_users, version + 1 AS version)
FROM activity_by_day_rows FINAL WHERE event_date = '2025-02-26'`,
  });
  const broken = await readVitalSigns(world.client);
  expect(broken.growth.map(({ brokenIdentities }) => brokenIdentities > 0)).toEqual([true, false]);
});

test('whoever watches is told whether ClickHouse answers, even when it refuses', async () => {
  const looks = async (client: ClickHouseClient) => {
    const seen: boolean[] = [];
    await using _watching = watchVitalSigns({
      client,
      intervalMs: 10,
      onLook: (answers, signs) => {
        expect(signs).toBeUndefined();
        seen.push(answers);
      },
    });
    await eventually('two looks', () => seen.length >= 2);
    return seen[0];
  };
  await using nobody = openClickHouse({ url: 'http://127.0.0.1:1' });
  expect(await looks(nobody)).toBe(false);
  expect(await looks(await clickhouse.freshDatabase({ migrated: false }))).toBe(true);
});
