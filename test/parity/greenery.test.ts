/** The sample events of a shop: every table about users, sessions, first weeks and growth against its plain model. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../simulation/random.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import { MartWorld } from '../warehouse/mart-world.ts';
import { compareRows } from './compare.ts';
import { EventFactsWorld } from './event-facts-world.ts';
import type { FactEvent } from './event-facts-world.ts';
import { FIRST_WEEK_TABLES } from './first-week.ts';
import { recordComparison } from './recorded.ts';
import { EVENT_FACTS, SESSION_TABLES } from './sessions.ts';
import { groupBy } from './user-day.ts';
import { dimUser, negativeUser } from './users.ts';

const FILE = new URL('../fixtures/greenery/events.csv', import.meta.url);

let ch: TestClickHouse;
let portions: readonly (readonly FactEvent[])[];
beforeAll(async () => {
  ch = await testClickHouse();
  const events = new Random(seed, 'greenery').shuffle([...greenery()]);
  portions = [0, 1, 2].map((portion) => events.filter((_, at) => at % 3 === portion));
});
afterAll(() => ch.close());

/** Users lie on two partitions, as their ids fall. */
function greenery(): readonly FactEvent[] {
  const [head = '', ...lines] = readFileSync(FILE, 'utf8').trim().split('\n');
  const columns = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const user = cell('user_id');
    return {
      user,
      source: `app-events/${Number.parseInt(user.slice(0, 1), 16) % 2}`,
      id: cell('event_id'),
      time: Date.parse(cell('created_at')) * 1000,
      type: cell('event_type'),
      platform: null,
      utm: null,
      delta: 0,
      producerSession: cell('session_id'),
      page: cell('page_url'),
      product: cell('product_id') || null,
    };
  });
}

test('Greenery in any order, in portions: growth, miles and breaches are what the plain models say', async () => {
  const world = await MartWorld.open(ch, 'greenery');
  for (const portion of portions) {
    await world.accept(portion);
    expect(await world.refreshAndCompare()).toEqual([]);
  }
});

test('Greenery in any order, in portions: users, sessions and first weeks are what the plain models say', async () => {
  const world = await EventFactsWorld.open(ch, 'greenery');
  for (const portion of portions) {
    await world.accept(portion);
    expect(
      await world.refreshAndCompare([...SESSION_TABLES, ...EVENT_FACTS, ...FIRST_WEEK_TABLES]),
    ).toEqual([]);
  }
  const users = [...groupBy(greenery(), ({ user }) => user)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, events]) => events.map((event) => ({ ...event, country: null })));
  const expected = {
    dim_users: users.map((events) => dimUser(events, [])),
    users_with_negative_miles: users
      .map(negativeUser)
      .filter((user) => Number(user['negative_amount']) > 0),
  };
  for (const [table, rows] of Object.entries(expected)) {
    const compared = compareRows(
      await world.rows(`SELECT * EXCEPT computed_at FROM ${table} ORDER BY user_id`),
      rows,
    );
    recordComparison('greenery', table, compared);
    expect(compared.differences).toEqual([]);
  }
});
