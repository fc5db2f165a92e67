import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MartState } from '../../src/warehouse/mart-refreshes.ts';
import { startRefreshing } from '../../src/warehouse/refresh-loop.ts';
import { Refresher } from '../../src/warehouse/refresher.ts';
import { DAY_MICROS, userDayRows } from '../parity/user-day.ts';
import type { PlainEvent } from '../parity/user-day.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

function event(user: string, day: number): PlainEvent {
  return {
    user,
    source: 'app-events/0',
    id: `${user} ${day}`,
    time: day * DAY_MICROS,
    type: 'page_view',
    platform: null,
    utm: null,
    delta: 0,
  };
}

const store = (...events: readonly PlainEvent[]) =>
  ch.client.insert({ table: 'user_day_rows', values: userDayRows(events), format: 'JSONEachRow' });
const activeDays = async () =>
  (await ch.rows('SELECT sum(daily_active_users) AS n FROM growth_metrics'))[0]?.['n'];
const written = async (refresher: Refresher) =>
  Object.fromEntries((await refresher.refresh()).map(({ mart, rows }) => [mart, rows]));

test('only what is stale is written: the user and the days that an event changes, and nothing the second time', async () => {
  await store(event('a', 20_000), event('a', 20_001), event('b', 20_000), event('c', 20_005));
  const refresher = await Refresher.open(ch.client);
  expect(await written(refresher)).toMatchObject({ user_activity: 3, driver_days: 3 });
  for (const each of [refresher, await Refresher.open(ch.client)]) {
    expect(new Set(Object.values(await written(each)))).toEqual(new Set([0]));
  }
  await store(event('b', 20_003));
  expect(await written(refresher)).toMatchObject({
    user_activity: 1,
    balance_breaches: 1,
    driver_days: 1,
    retention_cohorts: 0,
    retention_cohorts_daily: 1,
  });
  expect(await activeDays()).toBe(5);
});

test('a new event type that is like all others makes nothing stale; one that is set inactive does', async () => {
  const refresher = await Refresher.open(ch.client);
  await refresher.refresh();
  const set = (active: boolean) =>
    ch.client.insert({
      table: 'event_types',
      values: [{ event_type: 'page_view', counts_as_active: active }],
      format: 'JSONEachRow',
    });
  await ch.client.command({ query: `INSERT INTO event_types (event_type) VALUES ('waved')` });
  expect(new Set(Object.values(await written(refresher)))).toEqual(new Set([0]));
  await set(false);
  expect(await written(refresher)).toMatchObject({ user_activity: 3, balance_breaches: 0 });
  expect(await activeDays()).toBe(0);
  await set(true);
  await refresher.refresh();
  expect(await activeDays()).toBe(5);
});

test('a user is found again by whatever name they have, however few or many are stale', async () => {
  const client = await ch.freshDatabase();
  const refresher = await Refresher.open(client);
  const names = [
    "it's",
    '\\',
    "\\'",
    'a\tb\nc',
    '\0',
    '{named: String}',
    "[']",
    '🦉',
    'NULL',
    '%27',
  ];
  const many = (count: number, of: string) => Array.from({ length: count }, (_, n) => `${of}${n}`);
  // As many as one parameter just holds: plain names, and such as become six times as long in a URL.
  const plain = many(2_880, 'x'.repeat(32));
  const quoted = many(170, "'".repeat(120));
  // And more than it holds, or than are told at all.
  const long = many(1_500, '🦉'.repeat(31));
  const more = many(5_001, '');
  for (const users of [[...names, ...quoted], plain, long, more]) {
    const values = userDayRows(users.map((user, n) => event(user, 20_000 + (n % 10))));
    await client.insert({ table: 'user_day_rows', values, format: 'JSONEachRow' });
    const refreshed = await refresher.refresh();
    expect(refreshed.filter(({ error }) => error !== null)).toEqual([]);
  }
  const known = await ch.rows('SELECT user_id FROM user_activity_rows', client);
  expect(new Set(known.map(({ user_id }) => user_id))).toEqual(
    new Set([...names, ...quoted, ...plain, ...long, ...more]),
  );
});

test('what a feed has missed is there after a full refresh', async () => {
  const client = await ch.freshDatabase();
  const days = [event('a', 20_000), event('a', 20_001), event('b', 20_001)];
  await client.insert({
    table: 'user_day_rows',
    values: userDayRows(days),
    format: 'JSONEachRow',
  });
  await client.command({ query: `DELETE FROM user_history_rows WHERE user_id = 'a'` });
  const refresher = await Refresher.open(client);
  const active = async (full: boolean) => {
    await refresher.refresh({ full });
    return ch.rows('SELECT daily_active_users AS dau FROM growth_metrics', client);
  };
  expect(await active(false)).toEqual([{ dau: 1 }]);
  expect(await active(true)).toEqual([{ dau: 1 }, { dau: 2 }]);
  await client.insert({
    table: 'user_day_rows',
    values: userDayRows([{ ...event('b', 20_001), source: 'app-events/1' }]),
    format: 'JSONEachRow',
  });
  await client.command({ query: 'TRUNCATE TABLE user_sources_rows' });
  const combined = async () =>
    ch.rows('SELECT user_id, events FROM user_days ORDER BY ALL', client);
  expect(await combined()).toHaveLength(4);
  await refresher.refresh({ full: true });
  expect(await combined()).toEqual([
    { user_id: 'a', events: 1 },
    { user_id: 'a', events: 1 },
    { user_id: 'b', events: 2 },
  ]);
});

test('a mart that fails is named, keeps its age, and does not stop the others', async () => {
  const refresher = await Refresher.open(ch.client);
  await refresher.refresh();
  await store(event('d', 20_006));
  await ch.client.command({ query: 'RENAME TABLE driver_days_rows TO driver_days_away' });
  const results = await refresher.refresh();
  await ch.client.command({ query: 'RENAME TABLE driver_days_away TO driver_days_rows' });
  expect(results.filter(({ error }) => error !== null)).toEqual([
    expect.objectContaining({
      mart: 'driver_days',
      error: expect.stringContaining('driver_days_rows') as string,
    }),
  ]);
  expect(await activeDays()).toBe(6);
  const states = await refresher.states();
  expect(states.find(({ mart }) => mart === 'driver_days')).toMatchObject({
    error: expect.stringContaining('driver_days_rows') as string,
    age: expect.any(Number) as number,
  });
  expect(await written(refresher)).toMatchObject({ driver_days: 1 });
});

test('two refreshers at once, and one that was stopped half-way, leave what one leaves', async () => {
  await store(event('e', 20_007));
  const stop = new AbortController();
  const stopped = await Refresher.open(ch.client, stop.signal);
  const halfWay = stopped.refresh();
  stop.abort();
  await expect(halfWay).rejects.toMatchObject({ name: 'AbortError' });
  await store(event('e', 20_008), event('f', 20_008));
  const two = await Promise.all([Refresher.open(ch.client), Refresher.open(ch.client)]);
  await Promise.all(two.map((refresher) => refresher.refresh()));
  expect(await activeDays()).toBe(9);
  expect(new Set(Object.values(await written(await Refresher.open(ch.client))))).toEqual(
    new Set([0]),
  );
});

test('the loop keeps marts fresh by itself and ends when it is told to', async () => {
  let states: readonly MartState[] = [];
  const errors: unknown[] = [];
  {
    await using _loop = startRefreshing({
      client: ch.client,
      intervalMs: 20,
      onStates: (known) => {
        states = known;
      },
      onError: (error) => errors.push(error),
    });
    await eventually('it has looked once', () => states.length > 0);
    await store(event('g', 20_009));
    await eventually('the event is in growth_metrics', async () => (await activeDays()) === 10);
  }
  expect(errors).toEqual([]);
  expect(states.map(({ mart }) => mart)).toContain('retention_cohorts_daily');
  expect(states.every(({ age, error }) => age !== null && error === null)).toBe(true);
});

test('files are live while they are read, idle partitions are not waited for', async () => {
  const client = await ch.freshDatabase();
  const lines = (...values: readonly (readonly [string, string, string])[]) =>
    client.insert({
      table: 'source_progress_rows',
      values: values.map(([source, watermark, last_record_time]) => ({
        stream: 'app-events',
        source,
        next_offset: 1,
        watermark,
        last_record_time,
        rules_epoch: 1,
      })),
      format: 'JSONEachRow',
    });
  const state = async () =>
    (
      await ch.rows(
        'SELECT live_sources, toString(last_day) AS last, toString(complete_before) AS complete FROM stream_watermarks',
        client,
      )
    )[0];
  await lines(
    ['app-events/0', '2025-03-10 10:00:00', '2025-03-10 10:00:00'],
    ['app-events/1', '2025-03-08 10:00:00', '2025-03-10 09:00:00'],
    // An idle partition, the forerunner of a recreated topic, and a file that was read.
    ['app-events/2', '2025-01-01 00:00:00', '2025-03-10 08:59:59.999'],
    ['app-events/3', '2025-01-02 00:00:00', '2025-03-10 10:00:00'],
    ['app-events/3@2', '2025-03-10 00:00:00', '2025-03-10 10:00:00'],
    ['file:old.csv', '2025-03-12 00:00:00', '2025-03-10 10:00:00'],
  );
  expect(await state()).toEqual({ live_sources: 3, last: '2025-03-12', complete: '2025-03-06' });
  await client.command({
    query: `INSERT INTO leases_rows (name, holder, command, host, pid, acquired_at, expires_at)
      SELECT 'cold_writes', generateUUIDv4(), 'ingest new.csv', 'h', 1, now64(3), now64(3) + INTERVAL 30 SECOND`,
  });
  await lines(['file:new.csv', '2024-12-24 00:00:00', '2025-03-10 10:00:00']);
  expect(await state()).toMatchObject({ complete: '2024-12-22' });
  await client.command({
    query: `INSERT INTO view_settings (name, value) VALUES ('source_idle_seconds', 3601)`,
  });
  expect(await state()).toMatchObject({ live_sources: 6 });
});

test('what is merged away while the refresher looks for it is not missed', async () => {
  const tables = ['user_day_rows', 'user_history_rows'];
  let merges = false;
  // Every look at the parts is followed by a merge: those that were seen are there no more.
  const merging = new Proxy(ch.client, {
    get(client, name) {
      if (name !== 'query') return Reflect.get(client, name) as unknown;
      return async (request: Parameters<typeof client.query>[0]) => {
        const result = await client.query(request);
        if (merges && request.query.includes('FROM system.parts')) {
          for (const table of tables) {
            await client.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
          }
        }
        return result;
      };
    },
  });
  const refresher = await Refresher.open(merging);
  await refresher.refresh();
  const before = (await ch.rows('SELECT sum(active_users) AS n FROM activity_by_day'))[0];
  await store(event('m', 20_001), event('m', 20_002));
  merges = true;
  expect(await written(refresher)).toMatchObject({ user_activity: 1, driver_days: 2 });
  const after = (await ch.rows('SELECT sum(active_users) AS n FROM activity_by_day'))[0];
  expect(Number(after!['n'])).toBe(Number(before!['n']) + 2);
});
