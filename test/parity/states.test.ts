import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../simulation/random.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import { compareRows } from './compare.ts';
import { bursts } from './event-facts-traffic.ts';
import { EventFactsWorld } from './event-facts-world.ts';
import type { FactEvent } from './event-facts-world.ts';
import { FIRST_WEEK_TABLES } from './first-week.ts';
import { latest, ORDERS, PLANS, PRODUCTS, storedRow, USERS } from './states.ts';
import type { PlainState, StateTable } from './states.ts';
import { recordComparison } from './recorded.ts';
import { expectedOfStates } from './states-tables.ts';
import { stateTraffic } from './states-traffic.ts';
import type { StateTraffic } from './states-traffic.ts';
import { dayOfDate } from './user-day.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

const FIRST_DAY = dayOfDate('2025-01-10');

async function store(world: EventFactsWorld, table: StateTable, states: readonly PlainState[]) {
  if (states.length === 0) return;
  await world.client.insert({
    table: table.table,
    values: states.map((state) => storedRow(table, state)),
    format: 'JSONEachRow',
    clickhouse_settings: { optimize_on_insert: 0 },
  });
}

async function storeAll(world: EventFactsWorld, traffic: StateTraffic) {
  await store(world, USERS, traffic.users);
  await store(world, PRODUCTS, traffic.products);
  await store(world, PLANS, traffic.plans);
  await store(world, ORDERS, traffic.orders);
}

function registered(users: readonly PlainState[]): EventFactsWorld['registered'] {
  return new Map(
    latest(users).map(({ key, content }) => [
      key,
      {
        day: dayOfDate(String(content['created_at']).slice(0, 10)),
        platform: content['creation_platform'] as string | null,
      },
    ]),
  );
}

test('latest states, histories and joins are what the plain model says, whatever ties, comes late, repeats or is removed', async () => {
  const random = new Random(seed, 'states');
  const world = await EventFactsWorld.open(ch, 'generated');
  const traffic = stateTraffic(random, FIRST_DAY, 30);
  const events: FactEvent[] = random.shuffle(bursts(random, 20, FIRST_DAY)).map((event) => ({
    ...event,
    product: random.pick(['product-0', 'product-1', 'product-2', 'product-9', null]),
    plan: random.pick(['plan-0', 'plan-2', 'plan-9', null, null, null]),
    feature: random.pick(['search', null]),
  }));
  const rounds = 3;
  for (let round = 0; round < rounds; round++) {
    const upTo = <T>(all: readonly T[]) =>
      all.slice(0, Math.ceil((all.length * (round + 1)) / rounds));
    const known: StateTraffic = {
      users: upTo(traffic.users),
      products: upTo(traffic.products),
      plans: upTo(traffic.plans),
      orders: upTo(traffic.orders),
    };
    await world.accept(events.filter((_, n) => n % rounds === round));
    // Everything of the rounds before is written again.
    await storeAll(world, known);
    world.registered = registered(known.users);
    expect(await world.refreshAndCompare(FIRST_WEEK_TABLES), `round ${round}`).toEqual([]);
    const facts = await world.world();
    for (const { query, rows } of expectedOfStates({ ...known, ...facts })) {
      const compared = compareRows(await world.rows(query), rows);
      expect(compared.differences.slice(0, 10), `round ${round}: ${query}`).toEqual([]);
      recordComparison('generated', /FROM (\w+)/.exec(query)?.[1] ?? query, compared);
    }
  }
  const read = () => Promise.all(FIRST_WEEK_TABLES.map((table) => world.read(table)));
  const incremental = await read();
  await world.refresh({ full: true });
  expect(await read()).toEqual(incremental);
}, 120_000);
