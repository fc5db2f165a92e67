import { afterAll, beforeAll, expect, test } from 'vitest';
import { fact } from '../parity/event-facts-traffic.ts';
import { EventFactsWorld } from '../parity/event-facts-world.ts';
import { PLANS, PRODUCTS, storedRow, USERS } from '../parity/states.ts';
import type { PlainState, StateTable } from '../parity/states.ts';
import { DAY_MICROS, dayOfDate, timeText } from '../parity/user-day.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

const FIRST_DAY = dayOfDate('2025-03-10');
const at = (day: number, micros = 0) => (FIRST_DAY + day) * DAY_MICROS + micros;

let offset = 0;
/** A state that comes after all others so far. */
function state(key: string, updatedAt: number, content: PlainState['content']): PlainState {
  return { key, updatedAt, content, recordTime: 1, offset: offset++, source: 's/0' };
}

async function store(world: EventFactsWorld, table: StateTable, ...states: PlainState[]) {
  await world.client.insert({
    table: table.table,
    values: states.map((each) => storedRow(table, each)),
    format: 'JSONEachRow',
  });
}

const setting = (world: EventFactsWorld, name: string, value: number) =>
  world.client.insert({
    table: 'view_settings',
    values: [{ name, value, description: '' }],
    format: 'JSONEachRow',
  });

const FIRST_WEEK = `
SELECT user_id AS user, toString(creation_date) AS day, creation_app_platform AS platform,
    cnt_page_view_events_f7d AS views, is_retained_4_weeks AS retained
FROM dim_user_early_engagement
WHERE user_id != 'watermark'
ORDER BY user_id`;

test('a creation date that arrives later moves the first week, a removal moves it back, and who never came has one too', async () => {
  const world = await EventFactsWorld.open(ch);
  await world.accept([
    fact('a', at(0), 'before', { platform: 'ios' }),
    fact('a', at(3), 'creation'),
    fact('a', at(9), 'last'),
    fact('a', at(10), 'after'),
    fact('a', at(26)),
    fact('watermark', at(60)),
  ]);
  const week = async () => {
    await world.refresh();
    return world.rows(FIRST_WEEK);
  };
  const bySeen = { user: 'a', day: '2025-03-10', platform: 'ios', views: 2, retained: 1 };
  expect(await week()).toEqual([bySeen]);

  const created = { created_at: timeText(at(3, 7)), creation_platform: 'web' };
  await store(world, USERS, state('a', at(20), created), state('b', at(20), created));
  const byCreation = { user: 'a', day: '2025-03-13', platform: 'web', views: 2, retained: 1 };
  const never = { user: 'b', day: '2025-03-13', platform: 'web', views: 0, retained: 0 };
  expect(await week()).toEqual([byCreation, never]);

  // An older state and one that is known already change nothing; one without a platform leaves that to events.
  const older = { created_at: timeText(at(1)), creation_platform: 'ios' };
  await store(world, USERS, state('a', at(19), older), state('a', at(20), created));
  expect(await week()).toEqual([byCreation, never]);
  const moved = { created_at: timeText(at(-30)), creation_platform: null };
  await store(world, USERS, state('a', at(21), moved));
  expect(await week()).toEqual([
    { user: 'a', day: '2025-02-08', platform: 'ios', views: 0, retained: 0 },
    never,
  ]);

  await store(world, USERS, state('a', at(22), null), state('b', at(22), null));
  expect(await week()).toEqual([bySeen]);
});

test('an external label of retention counts when that is set, where there is one', async () => {
  const world = await EventFactsWorld.open(ch);
  const label = (retained_label: number | null) => ({
    created_at: timeText(at(0)),
    retained_label,
  });
  await world.accept(
    ['no', 'yes', 'none'].flatMap((user) => [fact(user, at(0)), fact(user, at(25))]),
  );
  await store(
    world,
    USERS,
    state('no', at(0), label(0)),
    state('yes', at(0), label(1)),
    state('none', at(0), label(null)),
  );
  const labels = async () => {
    await world.refresh();
    return world.rows(
      'SELECT user_id AS user, is_retained_4_weeks AS retained FROM dim_user_early_engagement ORDER BY user_id',
    );
  };
  const undecided = ['no', 'none', 'yes'].map((user) => ({ user, retained: null }));
  expect(await labels()).toEqual(undecided);
  await setting(world, 'external_retention_label', 1);
  expect(await labels()).toEqual([
    { user: 'no', retained: 0 },
    { user: 'none', retained: null },
    { user: 'yes', retained: 1 },
  ]);
  await setting(world, 'external_retention_label', 0);
  expect(await labels()).toEqual(undecided);
});

test('a plan or product that nobody knows, or knew only later or earlier, has no name, and its event is there', async () => {
  const world = await EventFactsWorld.open(ch);
  const plan = { name: 'Plus', price: 9.5, period: 'month' };
  const product = { name: 'Fern', price: 1.25, inventory: null };
  await store(world, PLANS, state('plan', at(2), plan), state('plan', at(4), null));
  await store(world, PRODUCTS, state('fern', at(2), product), state('fern', at(4), null));
  // A tombstone of an unknown key, and one more of a removed one, are nothing.
  await store(world, PLANS, state('unknown', at(1), null), state('plan', at(5), null));
  const times = [at(2) - 1, at(2), at(4) - 1, at(4)];
  await world.accept([
    ...times.map((time) =>
      fact('a', time, `${time}`, { plan: 'plan', product: 'fern', feature: 'search' }),
    ),
    fact('a', at(9), 'other', { plan: 'nobody', product: 'nobody', feature: 'search' }),
    fact('a', at(10), 'neither', { feature: 'search' }),
  ]);
  expect(
    await world.rows(
      'SELECT plan_id AS id, plan_name AS name FROM fct_interactions ORDER BY event_time',
    ),
  ).toEqual([
    { id: 'plan', name: null },
    { id: 'plan', name: 'Plus' },
    { id: 'plan', name: 'Plus' },
    { id: 'plan', name: null },
    { id: 'nobody', name: null },
    { id: null, name: null },
  ]);
  expect(
    await world.rows(
      'SELECT product_id AS id, product_price AS price FROM fct_page_views ORDER BY event_time',
    ),
  ).toEqual([
    { id: 'fern', price: null },
    { id: 'fern', price: 1.25 },
    { id: 'fern', price: 1.25 },
    { id: 'fern', price: null },
    { id: 'nobody', price: null },
    { id: null, price: null },
  ]);
  expect(
    await world.rows('SELECT plan_id, toString(removed_at) AS removed FROM dim_subscription_plans'),
  ).toEqual([{ plan_id: 'plan', removed: timeText(at(4)) }]);
});

test('of two states of one instant the later in the log counts, and no row of the history has no length', async () => {
  const world = await EventFactsWorld.open(ch);
  const named = (name: string) => ({ name, price: 1, inventory: null });
  await store(
    world,
    PRODUCTS,
    state('p', at(0), named('Zinnia')),
    state('p', at(0), null),
    state('p', at(0), named('Aloe')),
    // It comes last and was true before.
    state('p', at(-1), named('Fern')),
  );
  expect(await world.rows('SELECT name FROM products')).toEqual([{ name: 'Aloe' }]);
  expect(
    await world.rows(
      'SELECT name, toString(valid_from) AS from, toString(valid_to) AS to FROM products_history ORDER BY valid_from',
    ),
  ).toEqual([
    { name: 'Fern', from: timeText(at(-1)), to: timeText(at(0)) },
    { name: 'Aloe', from: timeText(at(0)), to: null },
  ]);
});

test('a user is created on the day of the configured time zone', async () => {
  const world = await EventFactsWorld.open(ch);
  const rules = { timezone: 'America/New_York', lookbackDays: 2, sessionGapSeconds: 1800 };
  await world.client.insert({
    table: 'rules',
    values: [{ epoch: 1, fingerprint: 'x', rules: JSON.stringify(rules) }],
    format: 'JSONEachRow',
  });
  await world.accept([fact('a', at(5))]);
  await store(world, USERS, state('a', at(1), { created_at: timeText(at(0)) }));
  await world.refresh();
  const day = [{ day: '2025-03-09' }];
  expect(await world.rows('SELECT toString(creation_date) AS day FROM user_first_week')).toEqual(
    day,
  );
  expect(await world.rows('SELECT toString(creation_date) AS day FROM dim_users')).toEqual(day);
});

test('without any states and events every table is empty but for the key figures, which are none', async () => {
  const client = await ch.freshDatabase();
  for (const table of [
    'user_attributes',
    'user_attributes_history',
    'user_personal_data',
    'products_history',
    'dim_subscription_plans',
    'fct_interactions',
    'fct_orders',
    'active_and_inactive_user',
  ]) {
    expect(await ch.rows(`SELECT * FROM ${table}`, client), table).toEqual([]);
  }
  expect(await ch.rows('SELECT * EXCEPT computed_at FROM order_kpis', client)).toEqual([
    {
      buyers: 0,
      buyers_1_order: 0,
      buyers_2_orders: 0,
      buyers_3plus_orders: 0,
      repeat_ratio: null,
      orders: 0,
      orders_per_hour: null,
      avg_hours_to_delivery: null,
      avg_sessions_per_hour: null,
    },
  ]);
});

test('of every view it can be asked how many values of a column are known', async () => {
  const views = await ch.rows(`
    SELECT table, arrayStringConcat(groupArray(concat('count(', name, ')')), ', ') AS counts
    FROM system.columns
    WHERE database = currentDatabase() AND type LIKE '%Nullable(%' AND type NOT LIKE 'Array%' AND table IN
    (
        SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'
    )
    GROUP BY table`);
  expect(views.length).toBeGreaterThan(20);
  // ClickHouse reads only what says whether there is a value, which a type that is not quite declared lacks.
  for (const { table, counts } of views) {
    const query = `SELECT ${String(counts)} FROM ${String(table)}`;
    expect(await ch.rows(query).catch((error: unknown) => error), query).toHaveLength(1);
  }
});

test.each([
  'user_attributes',
  'user_personal_data',
  'user_attributes_history',
  'products',
  'products_history',
  'subscription_plans',
  'subscription_plans_history',
  'dim_subscription_plans',
  'orders',
  'fct_orders',
  'order_kpis',
  'fct_interactions',
  'active_and_inactive_user',
  'dim_users',
])('%s gives the types that it declares', async (name) => {
  const types = async (of: string) =>
    (await ch.rows(`DESCRIBE ${of}`)).map((column) => [column['name'], column['type']]);
  expect(await types(`(SELECT * FROM ${name})`)).toEqual(await types(name));
});
