import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBalanceCounts } from '../../src/warehouse/balances.ts';
import { Refresher } from '../../src/warehouse/refresher.ts';
import { GROWTH_TABLES } from '../parity/tables.ts';
import { DAY_MICROS, dayOfDate, userDayRows } from '../parity/user-day.ts';
import type { PlainEvent } from '../parity/user-day.ts';
import { Random } from '../simulation/random.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import { MartWorld } from './mart-world.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

const FIRST_DAY = dayOfDate('2024-11-20');

/** People who come, stay away for a day or for months, and come back; some days nobody comes. */
function traffic(random: Random): PlainEvent[] {
  const events: PlainEvent[] = [];
  for (let user = 0; user < 30; user++) {
    let day = random.int(0, 60);
    while (day < 170) {
      const empty = day % 13 === 5 || (day > 100 && day < 112);
      for (let n = random.int(1, 4); n > 0 && !empty; n--) {
        events.push(event(random, `user-${user}`, FIRST_DAY + day, events.length));
      }
      day += random.pick([1, 1, 1, 1, 2, 3, 7, 8, 9, 28, 30, 31, 32, 91]);
    }
  }
  return events;
}

function event(random: Random, user: string, day: number, n: number): PlainEvent {
  const type = random.pick([
    'page_view',
    'share',
    'like',
    'reward_search',
    'miles_earned',
    'miles_redeemed',
    'app_opened',
  ]);
  const miles = random.int(1, 6) * 10;
  return {
    user,
    source: random.pick(['app-events/0', 'app-events/0', 'app-events/1']),
    // Few instants, so that many events share one and the id decides.
    id: `e${random.int(0, 9)}-${n}`,
    time: day * DAY_MICROS + random.int(0, 5) * 3_600_000_001,
    type,
    platform: random.pick(['ios', 'android', 'web', 'tv', null]),
    utm: random.pick(['google', 'organic', 'facebook', 'referral', 'newsletter', null]),
    delta: type === 'miles_earned' ? miles : type === 'miles_redeemed' ? -miles : 0,
  };
}

/** One event that only its user, day and miles tell from others. */
function plain(user: string, date: string, delta = 0, hour = 12): PlainEvent {
  return {
    user,
    source: 'app-events/0',
    id: `${user} ${date} ${hour}`,
    time: dayOfDate(date) * DAY_MICROS + hour * 3_600_000_000,
    type: delta > 0 ? 'miles_earned' : delta < 0 ? 'miles_redeemed' : 'page_view',
    platform: null,
    utm: null,
    delta,
  };
}

test('after every refresh every table is what the plain model says, whatever comes late or is set otherwise', async () => {
  const random = new Random(seed, 'growth');
  const world = await MartWorld.open(ch, 'generated');
  const events = random.shuffle(traffic(random));
  const rounds = 4;
  for (let round = 0; round < rounds; round++) {
    const portion = events.filter((_, at) => at % rounds === round);
    await world.accept(portion);
    if (round === 1) await world.setInactive(['page_view', 'miles_earned']);
    if (round === 2) await world.setChannel('newsletter', 'paid');
    if (round === 3) await world.setInactive(['share', 'app_opened']);
    expect(await world.refreshAndCompare(), `round ${round}`).toEqual([]);
  }
  // A single late event, by a process that has looked at everything, and by one that has seen nothing.
  await world.accept([event(random, 'user-3', FIRST_DAY - 3, 100_000)]);
  expect(await world.refreshAndCompare()).toEqual([]);
  await world.accept([event(random, 'user-4', FIRST_DAY + 105, 100_001)]);
  world.refresher = await Refresher.open(world.client);
  expect(await world.refreshAndCompare()).toEqual([]);

  const read = async () =>
    Promise.all(GROWTH_TABLES.map(({ name, order }) => world.read(name, order)));
  const incremental = await read();
  expect((await world.refresher.refresh({ full: true })).every(({ rows }) => rows > 0)).toBe(true);
  expect(await read()).toEqual(incremental);
}, 180_000);

test('a user whose first day moves leaves an old cohort, which is gone with the last of them', async () => {
  const world = await MartWorld.open(ch);
  await world.accept([
    plain('a', '2025-02-10'),
    plain('a', '2025-02-11'),
    plain('b', '2025-02-12'),
  ]);
  expect(await world.refreshAndCompare()).toEqual([]);
  await world.accept([plain('a', '2025-01-02')]);
  expect(await world.refreshAndCompare()).toEqual([]);
  const cohorts = `SELECT DISTINCT toString(cohort_date) AS day FROM retention_cohorts_daily ORDER BY day`;
  expect(await ch.rows(cohorts, world.client)).toEqual([
    { day: '2025-01-02' },
    { day: '2025-02-12' },
  ]);
});

test('a user-day that is taken back leaves nothing behind, in any table', async () => {
  const world = await MartWorld.open(ch);
  const gone = plain('b', '2025-01-31', -50);
  await world.accept([plain('a', '2025-01-01'), plain('a', '2025-03-03', 10), gone]);
  expect(await world.refreshAndCompare()).toEqual([]);
  const rows = userDayRows([gone], 2).map((row) => ({
    ...row,
    events: 0,
    event_counts: {},
    platform_counts: {},
    miles_earned: 0,
    miles_redeemed: 0,
    miles_earned_events: 0,
    miles_redeemed_events: 0,
    miles_ledger: [],
  }));
  await world.insert(rows);
  world.forgetInModel((event) => event === gone);
  expect(await world.refreshAndCompare()).toEqual([]);
});

test('a late earning heals a breach before it opens; a breach that is open says since when', async () => {
  const world = await MartWorld.open(ch);
  await world.accept([
    plain('a', '2025-01-05', -50),
    plain('a', '2025-01-07', 80),
    plain('b', '2025-01-05', 30),
    plain('b', '2025-01-06', -31),
    plain('b', '2025-01-06', -5, 13),
  ]);
  expect(await world.refreshAndCompare()).toEqual([]);
  const open = `SELECT b.user_id AS user, b.opened_at = u.flagged_at AS same, b.min_balance AS lowest
    FROM balance_breaches AS b INNER JOIN users_with_negative_miles AS u ON u.user_id = b.user_id
    WHERE b.healed_at IS NULL`;
  expect(await ch.rows(open, world.client)).toEqual([{ user: 'b', same: 1, lowest: -6 }]);
  expect(await readBalanceCounts(world.client)).toEqual({
    negativeUsers: 1,
    openBreaches: 1,
    breaches: 2,
  });
  await world.accept([plain('a', '2025-01-04', 50)]);
  expect(await world.refreshAndCompare()).toEqual([]);
  expect(await readBalanceCounts(world.client)).toEqual({
    negativeUsers: 1,
    openBreaches: 1,
    breaches: 1,
  });
  const users = 'SELECT DISTINCT user_id FROM balance_breaches';
  expect(await ch.rows(users, world.client)).toEqual([{ user_id: 'b' }]);
});

test('growth adds up on every day and in every month', async () => {
  const random = new Random(seed, 'identities');
  const world = await MartWorld.open(ch, 'generated');
  await world.accept(traffic(random));
  await world.refresher.refresh();
  const broken = `
    SELECT event_date FROM growth_metrics
    WHERE daily_active_users != new_users + retained_users + resurrected_users
        OR dau_growth != toInt64(new_users + resurrected_users) - toInt64(churned_users)
    UNION ALL
    SELECT activity_month FROM social_capital_growth_accounting WHERE total_mau != verification_total
    UNION ALL
    SELECT event_date FROM retention_quality_framework
    WHERE daily_active_users != new_stage_users + growing_stage_users + established_stage_users + mature_stage_users
    UNION ALL
    SELECT event_date FROM growth_drivers
    WHERE total_new_users != new_organic_users + new_paid_users + new_social_users + new_referral_users + new_other_users`;
  expect(await ch.rows(broken, world.client)).toEqual([]);
  const days = 'SELECT count() AS days, countIf(is_complete) > 100 AS complete FROM growth_metrics';
  const [row] = await ch.rows(days, world.client);
  expect(row).toMatchObject({ complete: 1 });
});

test('an empty database has empty tables', async () => {
  const world = await MartWorld.open(ch);
  expect((await world.refresher.refresh()).filter(({ error }) => error !== null)).toEqual([]);
  for (const { name, order } of GROWTH_TABLES) expect(await world.read(name, order)).toEqual([]);
});

test.each([...GROWTH_TABLES.map(({ name }) => name), 'activity_by_day', 'stream_watermarks'])(
  '%s gives the types that it declares',
  async (name) => {
    const types = async (of: string) =>
      (await ch.rows(`DESCRIBE ${of}`)).map((column) => [column['name'], column['type']]);
    expect(await types(`(SELECT * FROM ${name})`)).toEqual(await types(name));
  },
);
