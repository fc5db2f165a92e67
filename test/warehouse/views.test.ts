import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClickHouseStore } from '../../src/warehouse/clickhouse-store.ts';
import { adoptRules } from '../../src/warehouse/rules-store.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import {
  int64s,
  nativeBlock,
  nullableTexts,
  texts,
  uint16s,
  uint8s,
} from '../support/native-by-hand.ts';
import { DAY_MICROS, eventsBlock, userDaysBlock, type UserDayRow } from './rows-by-hand.ts';

let ch: TestClickHouse;
let store: ClickHouseStore;
beforeAll(async () => {
  ch = await testClickHouse();
  store = new ClickHouseStore(ch.client);
});
afterAll(() => ch.close());

const run = (query: string) => ch.client.command({ query });

test('an event that was written twice is one event', async () => {
  const block = eventsBlock([
    { day: 19_000, user: 'twice', id: 'a', source: 'twice/0', offset: 1 },
    { day: 19_000, user: 'twice', id: 'a', source: 'twice/0', offset: 1 },
  ]);
  await store.insert('events_rows', [block]);
  await store.insert('events_rows', [block]);
  expect(await ch.rows(`SELECT count() AS n FROM events WHERE user_id = 'twice'`)).toEqual([
    { n: 1 },
  ]);
});

test('the channel group of a source follows the reference table at once', async () => {
  const sources = ['organic', 'google', 'summer_ads', 'my-cpc-1', 'facebook', 'newsletter', null];
  await store.insert('events_rows', [
    eventsBlock(
      sources.map((utmSource, at) => ({
        day: 19_000,
        user: 'channel',
        id: `${at}`,
        source: 'channel/0',
        offset: at,
        utmSource,
      })),
    ),
  ]);
  const groups = async () => {
    const rows = await ch.rows(
      `SELECT channel_group FROM events WHERE user_id = 'channel' ORDER BY event_id`,
    );
    return rows.map((row) => row['channel_group']);
  };
  expect(await groups()).toEqual(['organic', 'paid', 'paid', 'paid', 'social', 'other', 'other']);
  await run(`INSERT INTO channel_groups (pattern, channel_group, priority) VALUES
    ('news*', 'referral', 5), ('facebook', 'paid', 10)`);
  expect(await groups()).toEqual(['organic', 'paid', 'paid', 'paid', 'paid', 'referral', 'other']);
});

test('the higher version of a user-day counts, whichever came last', async () => {
  const row: UserDayRow = { day: 19_000, user: 'version', source: 'v/0', events: 1, version: 1 };
  await store.insert('user_day_rows', [userDaysBlock([{ ...row, events: 3, version: 3 }])]);
  await store.insert('user_day_rows', [userDaysBlock([{ ...row, events: 2, version: 2 }])]);
  expect(await ch.rows(`SELECT events, version FROM user_days WHERE user_id = 'version'`)).toEqual([
    { events: 3, version: 3 },
  ]);
});

test('a user-day without events is not there', async () => {
  const row: UserDayRow = { day: 19_000, user: 'gone', source: 'g/0', events: 1, version: 1 };
  await store.insert('user_day_rows', [
    userDaysBlock([row, { ...row, source: 'g/1' }, { ...row, user: 'half' }]),
    userDaysBlock([
      { ...row, events: 0, version: 9 },
      { ...row, source: 'g/1', events: 0, version: 9 },
    ]),
  ]);
  expect(await ch.rows(`SELECT user_id FROM user_days WHERE user_id IN ('gone', 'half')`)).toEqual([
    { user_id: 'half' },
  ]);
});

test('the sources of a user-day are one row', async () => {
  await adoptRules(ch.client, {
    timezone: 'UTC',
    lookbackDays: 2,
    maxFutureSkewSeconds: 600,
    minEventTime: 0,
    sessionGapSeconds: 100,
  });
  const start = 19_100 * DAY_MICROS;
  const at = (second: number) => start + second * 1_000_000;
  const fragment = (from: number, to: number, events: number, type: string) => ({
    start: at(from),
    end: at(to),
    events,
    counts: { [type]: events },
  });
  await store.insert('user_day_rows', [
    userDaysBlock([
      {
        day: 19_100,
        user: 'both',
        source: 'both/0',
        events: 4,
        version: 2 ** 32 + 4,
        counts: { like: 3, share: 1 },
        firstAt: at(10),
        lastAt: at(600),
        firstId: 'b',
        firstPlatform: 'ios',
        platforms: ['ios'],
        platformCounts: [['ios', 'like', 3]],
        milesEarned: 5,
        fragments: [fragment(10, 50, 2, 'like'), fragment(500, 600, 2, 'like')],
        ledger: [[at(20), 'm', 5]],
      },
      {
        day: 19_100,
        user: 'both',
        source: 'both/1',
        events: 3,
        version: 2 ** 32 + 3,
        counts: { like: 1, miles_earned: 2 },
        firstAt: at(10),
        lastAt: at(701),
        firstId: 'a',
        firstPlatform: null,
        platforms: ['android', 'ios'],
        platformCounts: [
          ['android', 'like', 1],
          ['ios', 'like', 1],
        ],
        milesEarned: 7,
        // 150 s is 100 s after 50 s and joins; 701 s is more than that after 600 s and does not.
        fragments: [fragment(150, 150, 1, 'share'), fragment(701, 701, 1, 'like')],
        ledger: [[at(15), 'n', 7]],
      },
      { day: 19_100, user: 'other', source: 'both/1', events: 1, version: 2 ** 32 + 1 },
    ]),
  ]);
  const rows = await ch.rows(`
SELECT events, event_counts, toUnixTimestamp64Micro(first_event_at) AS first_at,
  toUnixTimestamp64Micro(last_event_at) AS last_at, first_event_id, first_platform, platforms,
  platform_counts[('ios', 'like')] AS ios_likes, platform_counts[('android', 'like')] AS android_likes,
  miles_earned, version,
  arrayMap(f -> (toUnixTimestamp64Micro(f.start), toUnixTimestamp64Micro(f.end), f.events), session_fragments) AS fragments,
  session_fragments.event_counts AS fragment_counts, miles_ledger.event_id AS ledger
FROM user_days WHERE event_date = '2022-04-18' AND user_id = 'both'`);
  expect(rows).toEqual([
    {
      events: 7,
      event_counts: { like: 4, miles_earned: 2, share: 1 },
      first_at: at(10),
      last_at: at(701),
      first_event_id: 'a',
      first_platform: null,
      platforms: ['android', 'ios'],
      ios_likes: 4,
      android_likes: 1,
      miles_earned: 12,
      version: 2 * 2 ** 32 + 7,
      fragments: [
        [at(10), at(150), 3],
        [at(500), at(600), 2],
        [at(701), at(701), 1],
      ],
      fragment_counts: [{ like: 2, share: 1 }, { like: 2 }, { like: 1 }],
      ledger: ['n', 'm'],
    },
  ]);
  expect(
    await ch.rows(
      `SELECT user_id, events FROM user_days WHERE event_date = '2022-04-18' ORDER BY user_id`,
    ),
  ).toEqual([
    { user_id: 'both', events: 7 },
    { user_id: 'other', events: 1 },
  ]);
});

test('a late event that was applied stays applied when its record is read again', async () => {
  const block = nativeBlock(1, [
    ['event_date', 'Date', uint16s(19_000)],
    ['bucket', 'UInt8', uint8s(0)],
    ['user_id', 'String', texts('late')],
    ['event_id', 'String', texts('a')],
    ['event_time', "DateTime64(6, 'UTC')", int64s(1_641_600_000_000_000)],
    ['event_type', 'String', texts('like')],
    ['source', 'String', texts('late/0')],
    ['offset', 'UInt64', int64s(7)],
    ['days_late', 'UInt16', uint16s(3)],
  ]);
  await store.insert('late_events_rows', [block]);
  expect(await ch.rows('SELECT offset, days_late, applied_at FROM late_events')).toEqual([
    { offset: 7, days_late: 3, applied_at: null },
  ]);
  await run(`INSERT INTO late_events_rows
    SELECT * REPLACE (toDateTime64('2024-01-01 00:00:00', 3, 'UTC') AS applied_at) FROM late_events_rows`);
  await store.insert('late_events_rows', [block]);
  expect(await ch.rows('SELECT offset, applied_at FROM late_events')).toEqual([
    { offset: 7, applied_at: '2024-01-01 00:00:00.000' },
  ]);
});

test('a refused record that was replayed stays replayed when it is read again', async () => {
  const block = nativeBlock(1, [
    ['stream', 'String', texts('app-events')],
    ['source', 'String', texts('refused/0')],
    ['offset', 'UInt64', int64s(7)],
    ['outcome', 'String', texts('invalid')],
    ['reason', 'String', texts('truncated')],
    ['key', 'Nullable(String)', nullableTexts(null)],
    ['bytes', 'Nullable(String)', nullableTexts('\0\u0001')],
    ['fields', 'String', texts('')],
  ]);
  await store.insert('rejected_events_rows', [block]);
  await run(`INSERT INTO rejected_events_rows
    SELECT * REPLACE (toDateTime64('2024-01-01 00:00:00', 3, 'UTC') AS replayed_at) FROM rejected_events_rows`);
  await store.insert('rejected_events_rows', [block]);
  expect(
    await ch.rows(
      'SELECT source, reason, key, hex(bytes) AS bytes, replayed_at FROM rejected_events',
    ),
  ).toEqual([
    {
      source: 'refused/0',
      reason: 'truncated',
      key: null,
      bytes: '0001',
      replayed_at: '2024-01-01 00:00:00.000',
    },
  ]);
});

test('a filter on the day reaches every reading of the user-days', async () => {
  const explained = await ch.rows(
    `EXPLAIN indexes = 1 SELECT count() FROM user_days WHERE event_date = '2022-04-18'`,
  );
  const plan = explained.map((row) => String(row['explain']));
  const readings = plan.filter((line) => line.includes('ReadFromMergeTree'));
  const conditions = plan.filter((line) => line.includes('event_date in [19100, 19100]'));
  expect(readings).toHaveLength(4);
  expect(conditions.length).toBeGreaterThanOrEqual(4);
});
