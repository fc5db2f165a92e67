import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareRows } from '../parity/compare.ts';
import { recordComparison } from '../parity/recorded.ts';
import { byTime, dateOfDay, DAY_MICROS, dayOf, timeText } from '../parity/user-day.ts';
import { dimUser, negativeUser } from '../parity/users.ts';
import type { UserEvent } from '../parity/users.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
  // Several rows of a key stay as they are, so that the views have to tell them apart.
  await ch.client.command({ query: 'SYSTEM STOP MERGES user_day_rows' });
});
afterAll(async () => {
  // Others get the database next.
  await ch.client.command({ query: 'SYSTEM START MERGES user_day_rows' });
  await ch.close();
});

const DAY = DAY_MICROS;
const dateOf = (micros: number) => dateOfDay(dayOf(micros));

function groups(events: readonly UserEvent[], keyOf: (event: UserEvent) => string): UserEvent[][] {
  const groupsByKey = new Map<string, UserEvent[]>();
  for (const event of events) {
    const group = groupsByKey.get(keyOf(event)) ?? [];
    groupsByKey.set(keyOf(event), group);
    group.push(event);
  }
  return [...groupsByKey.values()];
}

/** The stored row of a user's day in one source, folded in the plainest way. */
function userDayRow(events: readonly UserEvent[]): Record<string, unknown> {
  const sorted = events.toSorted(byTime);
  const [first] = sorted;
  const counts: Record<string, number> = {};
  for (const { type } of sorted) counts[type] = (counts[type] ?? 0) + 1;
  const moved = sorted.filter(({ delta }) => delta !== 0);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    event_date: dateOf(first!.time),
    bucket: first!.user.length % 64,
    user_id: first!.user,
    source: first!.source,
    events: sorted.length,
    event_counts: counts,
    first_event_at: timeText(first!.time),
    last_event_at: timeText(sorted.at(-1)!.time),
    first_event_id: first!.id,
    first_platform: first!.platform,
    first_utm_source: first!.utm,
    first_country: first!.country,
    miles_earned: sum(moved.map(({ delta }) => Math.max(0, delta))),
    miles_redeemed: sum(moved.map(({ delta }) => Math.max(0, -delta))),
    miles_earned_events: moved.filter(({ delta }) => delta > 0).length,
    miles_redeemed_events: moved.filter(({ delta }) => delta < 0).length,
    miles_ledger: moved.map(({ time, id, delta }) => ({
      time: timeText(time),
      event_id: id,
      delta,
    })),
    version: 2 ** 32 + sorted.length,
  };
}

async function store(events: readonly UserEvent[]): Promise<void> {
  const days = groups(events, ({ user, source, time }) => `${user} ${source} ${dateOf(time)}`);
  await ch.client.insert({
    table: 'user_day_rows',
    values: days.map(userDayRow),
    format: 'JSONEachRow',
    clickhouse_settings: { optimize_on_insert: 0 },
  });
}

const view = (name: string, order = '') =>
  ch.rows(`SELECT * EXCEPT computed_at FROM ${name} ${order}`);

async function check(
  events: readonly UserEvent[],
  inactive: readonly string[] = [],
): Promise<void> {
  const users = groups(events, ({ user }) => user);
  const byId = (a: Record<string, unknown>, b: Record<string, unknown>) =>
    String(a['user_id']) < String(b['user_id']) ? -1 : 1;
  const all = users.map((each) => dimUser(each, inactive)).sort(byId);
  const negative = users
    .map(negativeUser)
    .filter((each) => Number(each['negative_amount']) > 0)
    .sort((a, b) => Number(b['negative_amount']) - Number(a['negative_amount']) || byId(a, b));
  const compared = {
    dim_users: compareRows(await view('dim_users', 'ORDER BY user_id'), all),
    users_with_negative_miles: compareRows(await view('users_with_negative_miles'), negative),
  };
  for (const [table, comparison] of Object.entries(compared)) {
    recordComparison('generated', table, comparison);
    expect(comparison.differences).toEqual([]);
  }
}

/** Numbers from 0 up to below 1, the same for the same seed. */
function numbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('users and their miles are those of the plain model, through late corrections and repeated rows', async () => {
  const next = numbers(seed);
  const oneOf = <T>(...values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
  const events = Array.from({ length: 600 }, (_, at): UserEvent => {
    const type = oneOf(
      'page_view',
      'share',
      'like',
      'reward_search',
      'miles_earned',
      'miles_redeemed',
      'package_shipped',
    );
    const miles = Math.floor(1 + next() * 5) * 10;
    return {
      user: `user-${Math.floor(next() * 25)}`,
      source: oneOf('t/0', 't/0', 't/1'),
      id: `e${at}`,
      // Few instants, so that many events share one and the id decides.
      time: 19_000 * DAY + Math.floor(next() * 12) * DAY + Math.floor(next() * 6) * 3_600_000_001,
      type,
      platform: oneOf('ios', 'web', null),
      utm: oneOf('google', null),
      country: oneOf('DE', 'US', null),
      delta: type === 'miles_earned' ? miles : type === 'miles_redeemed' ? -miles : 0,
    };
  });
  // Rows of what was known early, of all, of all again, and at last of what a zombie still knew.
  const early = events.filter(() => next() < 0.6);
  for (const known of [early, events, events, early]) await store(known);
  await check(events);

  const late: UserEvent = {
    ...events[0]!,
    id: 'a',
    time: 18_900 * DAY,
    type: 'miles_redeemed',
    delta: -1000,
  };
  await store([late]);
  await check([...events, late]);

  await ch.client.command({
    query: `INSERT INTO event_types (event_type, counts_as_active) VALUES ('page_view', false), ('like', false), ('share', false)`,
  });
  await check([...events, late], ['page_view', 'like', 'share']);
});

test('a user whose row is taken back is gone, and a view says when it was computed', async () => {
  const gone: UserEvent = {
    user: 'gone',
    source: 't/0',
    id: 'x',
    time: 19_000 * DAY,
    type: 'like',
    platform: null,
    utm: null,
    country: null,
    delta: -5,
  };
  await store([gone]);
  const found = `SELECT user_id, computed_at > now() - INTERVAL 1 MINUTE AS fresh FROM users_with_negative_miles WHERE user_id = 'gone'`;
  expect(await ch.rows(found)).toEqual([{ user_id: 'gone', fresh: 1 }]);
  const row = { ...userDayRow([gone]), events: 0, version: 2 ** 33 };
  await ch.client.insert({ table: 'user_day_rows', values: [row], format: 'JSONEachRow' });
  expect(await ch.rows(found)).toEqual([]);
});

test.each(['dim_users', 'users_with_negative_miles'])(
  '%s gives the types that it declares',
  async (name) => {
    const types = async (of: string) =>
      (await ch.rows(`DESCRIBE ${of}`)).map((column) => [column['name'], column['type']]);
    expect(await types(`(SELECT * FROM ${name})`)).toEqual(await types(name));
  },
);
