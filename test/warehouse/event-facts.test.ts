import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refresher } from '../../src/warehouse/refresher.ts';
import { fact } from '../parity/event-facts-traffic.ts';
import { EventFactsWorld } from '../parity/event-facts-world.ts';
import { DAY_MICROS, dayOfDate } from '../parity/user-day.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

const DAYS = 40;
const EVENTS_PER_DAY = 10_000;

test('the facts of one day, or of one page, are read without those of other days', async () => {
  const client = await ch.freshDatabase();
  await client.command({
    query: `
INSERT INTO events_rows (event_date, bucket, user_id, event_id, event_time, event_type, source)
SELECT
    toDate('2025-01-01') + number % ${DAYS} AS event_date,
    0,
    concat('user-', toString(number % 1000)),
    toString(number),
    toDateTime64(event_date, 6, 'UTC') + intDiv(number, 10) % 86400,
    'page_view',
    'app-events/0'
FROM numbers(${DAYS * EVENTS_PER_DAY})`,
  });
  for (const table of ['fct_events', 'fct_page_views']) {
    const result = await client.query({
      query: `SELECT count() AS n, uniqExact(session_id) AS sessions FROM ${table} WHERE event_date = '2025-01-20'`,
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ n: EVENTS_PER_DAY, sessions: 25 }]);
    const { read_rows } = JSON.parse(
      String(result.response_headers['x-clickhouse-summary']),
    ) as Record<string, string>;
    expect(Number(read_rows)).toBeGreaterThanOrEqual(EVENTS_PER_DAY);
    expect(Number(read_rows)).toBeLessThan(4 * EVENTS_PER_DAY);
  }
});

test('a session belongs to the day on which it starts in the configured time zone', async () => {
  const world = await EventFactsWorld.open(ch);
  await world.client.insert({
    table: 'rules',
    values: [
      {
        epoch: 1,
        fingerprint: 'x',
        rules: JSON.stringify({
          timezone: 'America/New_York',
          lookbackDays: 2,
          sessionGapSeconds: 60,
        }),
      },
    ],
    format: 'JSONEachRow',
  });
  const noon = dayOfDate('2025-03-04') * DAY_MICROS;
  await world.accept([fact('a', noon), fact('a', noon + 60_000_000)]);
  await world.refresh();
  expect(await world.rows('SELECT toString(event_date) AS day, events FROM sessions')).toEqual([
    { day: '2025-03-03', events: 2 },
  ]);
});

test('a refresher that is behind, or stopped half-way, changes nothing that is right', async () => {
  const world = await EventFactsWorld.open(ch);
  const at = dayOfDate('2025-03-04') * DAY_MICROS;
  await world.accept([fact('a', at), fact('a', at + 3_600_000_000)]);
  await world.refresh();
  const old = await world.rows('SELECT * FROM user_sessions_rows');
  await world.accept([fact('a', at + 1_800_000_000)]);
  await world.refresh();
  await world.client.insert({ table: 'user_sessions_rows', values: old, format: 'JSONEachRow' });
  const sessions = 'SELECT user_id, events FROM sessions';
  expect(await world.rows(sessions)).toEqual([{ user_id: 'a', events: 3 }]);
  // What a refresher wrote that never said so is found to be right, and the rest is done.
  await world.accept([fact('b', at)]);
  const stopped = new AbortController();
  const given = (await Refresher.open(world.client, stopped.signal)).refresh();
  stopped.abort();
  await expect(given).rejects.toThrow(/abort/i);
  world.refresher = await Refresher.open(world.client);
  await world.refresh();
  expect(await world.rows(`${sessions} ORDER BY user_id`)).toEqual([
    { user_id: 'a', events: 3 },
    { user_id: 'b', events: 1 },
  ]);
});
