import { afterAll, beforeAll, expect, test } from 'vitest';
import { adoptViewSettings } from '../../src/warehouse/view-settings.ts';
import { WideColumns } from '../../src/warehouse/wide-columns.ts';
import { bursts, fact } from '../parity/event-facts-traffic.ts';
import { EventFactsWorld } from '../parity/event-facts-world.ts';
import { dailyEvents, FIRST_WEEK_TABLES } from '../parity/first-week.ts';
import { dateOfDay, DAY_MICROS, dayOfDate } from '../parity/user-day.ts';
import { compareRows } from '../parity/compare.ts';
import { Random } from '../simulation/random.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

const FIRST_DAY = dayOfDate('2025-01-10');
const at = (day: number, micros = 0) => (FIRST_DAY + day) * DAY_MICROS + micros;

test('after every refresh first weeks and days are what the plain model says, whatever comes late or is set otherwise', async () => {
  const random = new Random(seed, 'first week');
  const world = await EventFactsWorld.open(ch, 'generated');
  const events = random.shuffle(bursts(random, 30, FIRST_DAY));
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    await world.accept(events.filter((_, n) => n % rounds === round));
    if (round === 0) await world.setInactive('page_view');
    if (round === 1) await world.accept([fact('user-3', at(-2), 'earlier', { type: `new_type` })]);
    expect(await world.refreshAndCompare(FIRST_WEEK_TABLES), `round ${round}`).toEqual([]);
  }
  const read = () => Promise.all(FIRST_WEEK_TABLES.map((table) => world.read(table)));
  const incremental = await read();
  await world.refresh({ full: true });
  expect(await read()).toEqual(incremental);

  for (const asOf of [FIRST_DAY - 5, FIRST_DAY + 4, FIRST_DAY + 100]) {
    const name = `fct_daily_user_events_as_of(as_of = '${dateOfDay(asOf)}')`;
    const rows = await world.read({ name, order: 'user_id, event_date' });
    expect(compareRows(rows, dailyEvents(await world.world(), asOf)).differences).toEqual([]);
  }
}, 120_000);

test('the first week ends with day 6, and retention is of days 22 to 28 and unknown before they are complete', async () => {
  const world = await EventFactsWorld.open(ch);
  const last = DAY_MICROS - 1;
  await world.accept([
    ...['day 21', 'day 22', 'day 28', 'day 29', 'server'].map((user) => fact(user, at(0))),
    fact('day 21', at(6, last), 'in'),
    fact('day 21', at(7), 'out'),
    fact('day 21', at(21, last)),
    fact('day 22', at(22)),
    fact('day 28', at(28, last)),
    fact('day 29', at(29)),
    fact('server', at(25), 'x', { type: 'package_shipped' }),
    fact('open', at(1)),
    fact('open', at(25)),
    // Day 28 is complete when the watermark is 3 days on.
    fact('watermark', at(31)),
  ]);
  expect(await world.refreshAndCompare(FIRST_WEEK_TABLES)).toEqual([]);
  expect(
    await world.rows(`SELECT user_id, cnt_page_view_events_f7d AS views, is_retained_4_weeks AS retained
      FROM dim_user_early_engagement ORDER BY user_id`),
  ).toEqual([
    { user_id: 'day 21', views: 2, retained: 0 },
    { user_id: 'day 22', views: 1, retained: 1 },
    { user_id: 'day 28', views: 1, retained: 1 },
    { user_id: 'day 29', views: 1, retained: 0 },
    { user_id: 'open', views: 1, retained: null },
    { user_id: 'server', views: 1, retained: 1 },
    { user_id: 'watermark', views: 1, retained: null },
  ]);
});

test('another window of retention is taken into use, also for those who were computed before', async () => {
  const world = await EventFactsWorld.open(ch);
  await world.accept([
    ...['day 14', 'day 25'].map((user) => fact(user, at(0))),
    fact('day 14', at(14)),
    fact('day 25', at(25)),
    fact('watermark', at(31)),
  ]);
  await world.refresh();
  const retained = () =>
    world.rows(
      `SELECT user_id FROM dim_user_early_engagement WHERE is_retained_4_weeks ORDER BY user_id`,
    );
  expect(await retained()).toEqual([{ user_id: 'day 25' }]);
  await adoptViewSettings(world.client, { retention_first_day: 14, retention_last_day: 20 });
  await world.refresh();
  expect(await retained()).toEqual([{ user_id: 'day 14' }]);
});

test('an event before the first moves the first week', async () => {
  const world = await EventFactsWorld.open(ch);
  await world.accept([fact('a', at(0)), fact('a', at(6)), fact('b', at(40))]);
  expect(await world.refreshAndCompare(FIRST_WEEK_TABLES)).toEqual([]);
  await world.accept([fact('a', at(-3))]);
  expect(await world.refreshAndCompare(FIRST_WEEK_TABLES)).toEqual([]);
  expect(
    await world.rows(
      `SELECT toString(creation_date) AS day, cnt_page_view_events_f7d AS views FROM user_first_week WHERE user_id = 'a'`,
    ),
  ).toEqual([{ day: '2025-01-07', views: 2 }]);
});

test('a new event type gets its columns at the next refresh, each with a comment, and only once', async () => {
  const client = await ch.freshDatabase();
  const wide = await WideColumns.open(client);
  const made = await wide.refresh();
  expect(made).toEqual([
    'fct_user_sessions',
    'fct_producer_sessions',
    'user_first_week',
    'dim_user_early_engagement',
    'fct_daily_user_events_as_of',
    'fct_daily_user_events',
  ]);
  expect(await wide.refresh()).toEqual([]);
  expect(await (await WideColumns.open(client)).refresh()).toEqual([]);
  await client.insert({
    table: 'event_types',
    values: [{ event_type: 'app_opened' }],
    format: 'JSONEachRow',
  });
  expect(await wide.refresh()).toEqual(made);
  const columns = await ch.rows(
    `SELECT name, comment FROM system.columns
    WHERE database = currentDatabase() AND table = 'user_first_week' AND name LIKE '%app_opened%'`,
    client,
  );
  expect(columns).toEqual([
    {
      name: 'cnt_app_opened_events_f7d',
      comment: 'Number of events of the type app_opened on day_index 0 to 6',
    },
    {
      name: 'cnt_days_app_opened_f7d',
      comment: 'Number of distinct days with events of the type app_opened on day_index 0 to 6',
    },
    {
      name: 'has_app_opened_f7d',
      comment: '1 with an event of the type app_opened on day_index 0 to 6, else 0',
    },
  ]);
});

test('the first 200 event types get columns and keep them; what makes no column stays in the maps', async () => {
  const client = await ch.freshDatabase();
  const insert = (names: readonly string[]) =>
    client.insert({
      table: 'event_types',
      values: names.map((event_type) => ({ event_type })),
      format: 'JSONEachRow',
    });
  const has = async () => {
    const rows = await ch.rows(
      `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'user_first_week' AND startsWith(name, 'has_')`,
      client,
    );
    return rows.map(({ name }) => String(name).slice('has_'.length, -'_f7d'.length));
  };
  const long = Array.from({ length: 250 }, (_, n) => `${'x'.repeat(124)}_${100 + n}`);
  const wide = await WideColumns.open(client);
  await insert([...long, 'days_x', 'x_events', "it's no name"]);
  await wide.refresh();
  const before = await has();
  expect(before).toHaveLength(200);
  expect(before).toContain('days_x');
  await insert(['a_newcomer']);
  await wide.refresh();
  expect(await has()).toEqual(before);
  const settings = [{ name: 'max_wide_event_types', value: 300, description: '' }];
  await client.insert({ table: 'view_settings', values: settings, format: 'JSONEachRow' });
  await wide.refresh();
  expect(await has()).toContain('a_newcomer');
  expect(await has()).not.toContain('x_events');
  expect(await ch.rows('SELECT * FROM user_first_week', client)).toEqual([]);
});

test('an empty database has empty tables', async () => {
  const world = await EventFactsWorld.open(ch);
  await world.refresh();
  for (const table of FIRST_WEEK_TABLES) expect(await world.read(table)).toEqual([]);
});

test.each(FIRST_WEEK_TABLES.map(({ name }) => name))(
  '%s gives the types that it declares',
  async (name) => {
    await (await WideColumns.open(ch.client)).refresh();
    const types = async (of: string) =>
      (await ch.rows(`DESCRIBE ${of}`)).map((column) => [column['name'], column['type']]);
    expect(await types(`(SELECT * FROM ${name})`)).toEqual(await types(name));
  },
);
