import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
  // Several rows of a key stay as they are, so that the views have to tell them apart.
  await ch.client.command({ query: 'SYSTEM STOP MERGES user_day_rows' });
});
afterAll(() => ch.close());

/** An event of the plain model; `delta` is the miles that it earns, or redeems when below zero. */
interface Event {
  readonly user: string;
  readonly source: string;
  readonly id: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly type: string;
  readonly platform: string | null;
  readonly utm: string | null;
  readonly country: string | null;
  readonly delta: number;
}

const DAY = 86_400_000_000;
const dateOf = (micros: number) => new Date(micros / 1000).toISOString().slice(0, 10);
const timeOf = (micros: number) =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 23).replace('T', ' ')}${String(micros % 1000).padStart(3, '0')}`;
const byTime = (a: Event, b: Event) => a.time - b.time || (a.id < b.id ? -1 : 1);

function groups(events: readonly Event[], keyOf: (event: Event) => string): Event[][] {
  const groupsByKey = new Map<string, Event[]>();
  for (const event of events) {
    const group = groupsByKey.get(keyOf(event)) ?? [];
    groupsByKey.set(keyOf(event), group);
    group.push(event);
  }
  return [...groupsByKey.values()];
}

/** The stored row of a user's day in one source, folded in the plainest way. */
function userDayRow(events: readonly Event[]): Record<string, unknown> {
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
    first_event_at: timeOf(first!.time),
    last_event_at: timeOf(sorted.at(-1)!.time),
    first_event_id: first!.id,
    first_platform: first!.platform,
    first_utm_source: first!.utm,
    first_country: first!.country,
    miles_earned: sum(moved.map(({ delta }) => Math.max(0, delta))),
    miles_redeemed: sum(moved.map(({ delta }) => Math.max(0, -delta))),
    miles_earned_events: moved.filter(({ delta }) => delta > 0).length,
    miles_redeemed_events: moved.filter(({ delta }) => delta < 0).length,
    miles_ledger: moved.map(({ time, id, delta }) => ({ time: timeOf(time), event_id: id, delta })),
    version: 2 ** 32 + sorted.length,
  };
}

async function store(events: readonly Event[]): Promise<void> {
  const days = groups(events, ({ user, source, time }) => `${user} ${source} ${dateOf(time)}`);
  await ch.client.insert({
    table: 'user_day_rows',
    values: days.map(userDayRow),
    format: 'JSONEachRow',
    clickhouse_settings: { optimize_on_insert: 0 },
  });
}

/** What definitions say of a user, from the events themselves. */
function dimUser(events: readonly Event[], inactive: readonly string[]): Record<string, unknown> {
  const sorted = events.toSorted(byTime);
  const first = sorted[0]!;
  const last = sorted.at(-1)!;
  const earned = sorted.filter(({ delta }) => delta > 0);
  const redeemed = sorted.filter(({ delta }) => delta < 0);
  const total = (some: readonly Event[]) =>
    some.reduce((sum, { delta }) => sum + Math.abs(delta), 0);
  const ofType = (name: string) => sorted.filter(({ type }) => type === name).length;
  const active = sorted.filter(({ type }) => !inactive.includes(type));
  return {
    user_id: first.user,
    first_seen_at: timeOf(first.time),
    first_seen_date: dateOf(first.time),
    last_seen_at: timeOf(last.time),
    last_seen_date: dateOf(last.time),
    days_active: (Date.parse(dateOf(last.time)) - Date.parse(dateOf(first.time))) / 86_400_000,
    active_days: new Set(active.map(({ time }) => dateOf(time))).size,
    events: sorted.length,
    first_platform: first.platform,
    first_utm_source: first.utm,
    first_country: first.country,
    total_miles_earned: total(earned),
    total_miles_redeemed: total(redeemed),
    current_miles_balance: total(earned) - total(redeemed),
    has_negative_balance: total(earned) < total(redeemed),
    miles_earned_transactions: earned.length,
    miles_redeemed_transactions: redeemed.length,
    share_events: ofType('share'),
    like_events: ofType('like'),
    reward_search_events: ofType('reward_search'),
    ...NO_ATTRIBUTES,
  };
}

const NO_ATTRIBUTES = {
  created_at: null,
  creation_date: null,
  creation_platform: null,
  plan_id: null,
  city: null,
  state: null,
  country: null,
};

/** Replays the miles: when the balance fell below zero for the last time, for who is there still. */
function flaggedAt(events: readonly Event[]): string | null {
  let balance = 0;
  let since: number | null = null;
  for (const { delta, time } of events.toSorted(byTime)) {
    const before = balance;
    balance += delta;
    if (before >= 0 && balance < 0) since = time;
    if (balance >= 0) since = null;
  }
  return since === null ? null : timeOf(since);
}

function negative(events: readonly Event[]): Record<string, unknown> {
  const user = dimUser(events, []);
  const keep = ['user_id', 'first_seen_at', 'first_seen_date', 'last_seen_at', 'last_seen_date'];
  const miles = ['total_miles_earned', 'total_miles_redeemed', 'current_miles_balance'];
  const transactions = ['miles_earned_transactions', 'miles_redeemed_transactions'];
  return {
    ...Object.fromEntries([...keep, ...miles, ...transactions].map((name) => [name, user[name]])),
    negative_amount: -Number(user['current_miles_balance']),
    flagged_at: flaggedAt(events),
  };
}

const view = (name: string, order = '') =>
  ch.rows(`SELECT * EXCEPT computed_at FROM ${name} ${order}`);

async function check(events: readonly Event[], inactive: readonly string[] = []): Promise<void> {
  const users = groups(events, ({ user }) => user);
  const byId = (a: Record<string, unknown>, b: Record<string, unknown>) =>
    String(a['user_id']) < String(b['user_id']) ? -1 : 1;
  expect(await view('dim_users', 'ORDER BY user_id')).toEqual(
    users.map((each) => dimUser(each, inactive)).sort(byId),
  );
  expect(await view('users_with_negative_miles')).toEqual(
    users
      .map(negative)
      .filter((each) => Number(each['negative_amount']) > 0)
      .sort((a, b) => Number(b['negative_amount']) - Number(a['negative_amount']) || byId(a, b)),
  );
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
  const events = Array.from({ length: 600 }, (_, at): Event => {
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

  const late: Event = {
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
  const gone: Event = {
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
