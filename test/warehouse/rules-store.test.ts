import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClickHouseClient } from '@clickhouse/client';
import { ClickHouseStore } from '../../src/warehouse/clickhouse-store.ts';
import {
  adoptRules,
  onlyKeepLess,
  readNewestRules,
  type WantedRules,
} from '../../src/warehouse/rules-store.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { eventsBlock } from './rows-by-hand.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

const WANTED: WantedRules = {
  timezone: 'UTC',
  lookbackDays: 2,
  maxFutureSkewSeconds: 600,
  minEventTime: 315_532_800_000_000,
  sessionGapSeconds: 1_800,
};

async function run(client: ClickHouseClient, query: string): Promise<void> {
  await client.command({ query });
}

test('the first rules are epoch 1 and stay it while nothing changes', async () => {
  const client = await ch.freshDatabase();
  expect(await readNewestRules(client)).toBeUndefined();
  const rules = await adoptRules(client, WANTED);
  expect(rules).toMatchObject({ ...WANTED, epoch: 1 });
  expect(rules.eventTypes.closed).toBe(false);
  expect(rules.eventTypes.types).toContainEqual({
    name: 'package_shipped',
    aliases: [],
    countsAsActive: true,
    serverSide: true,
    miles: 'none',
  });
  expect(rules.platforms.platforms).toContainEqual(expect.objectContaining({ name: 'ios' }));
  expect(await adoptRules(client, WANTED)).toEqual(rules);
  expect(await readNewestRules(client)).toEqual(rules);
});

test('changed rules are the next epoch, also when they were in use before', async () => {
  const client = await ch.freshDatabase();
  await adoptRules(client, WANTED);
  expect((await adoptRules(client, { ...WANTED, lookbackDays: Infinity })).epoch).toBe(2);
  expect((await readNewestRules(client))?.lookbackDays).toBe(Infinity);
  expect((await adoptRules(client, WANTED)).epoch).toBe(3);
  expect(
    await ch.rows(
      'SELECT epoch, lookback_days, session_gap_seconds FROM rules ORDER BY epoch',
      client,
    ),
  ).toEqual([
    { epoch: 1, lookback_days: 2, session_gap_seconds: 1_800 },
    { epoch: 2, lookback_days: null, session_gap_seconds: 1_800 },
    { epoch: 3, lookback_days: 2, session_gap_seconds: 1_800 },
  ]);
});

test('a type that says no more than the defaults changes the rules of a closed catalogue only', async () => {
  const client = await ch.freshDatabase();
  await adoptRules(client, WANTED);
  await run(client, `INSERT INTO event_types (event_type) VALUES ('brand_new')`);
  expect((await adoptRules(client, WANTED)).epoch).toBe(1);
  const closed = await adoptRules(client, { ...WANTED, eventTypesClosed: true });
  expect(closed.epoch).toBe(2);
  await run(client, `INSERT INTO event_types (event_type) VALUES ('newer_still')`);
  expect(await adoptRules(client, WANTED)).toMatchObject({
    epoch: 3,
    eventTypes: { closed: true },
  });
});

test('a type that the processor lists by itself never overrides what a person or the schema says', async () => {
  const client = await ch.freshDatabase();
  const list = (name: string) =>
    run(client, `INSERT INTO event_types (event_type, updated_at) VALUES ('${name}', 0)`);
  await list('mine');
  await run(client, `INSERT INTO event_types (event_type, server_side) VALUES ('mine', true)`);
  await list('mine');
  await list('package_shipped');
  expect(
    await ch.rows(
      `SELECT event_type, label, server_side FROM event_types FINAL
        WHERE event_type IN ('mine', 'package_shipped') ORDER BY event_type`,
      client,
    ),
  ).toEqual([
    { event_type: 'mine', label: 'mine', server_side: true },
    { event_type: 'package_shipped', label: 'package shipped', server_side: true },
  ]);
});

test('processors that adopt different rules at once each get an epoch of their own', async () => {
  const client = await ch.freshDatabase();
  const lookbacks = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5];
  const adopted = await Promise.all(
    lookbacks.map((lookbackDays) => adoptRules(client, { ...WANTED, lookbackDays })),
  );
  expect(adopted.map((rules) => rules.lookbackDays)).toEqual(lookbacks);
  const recorded = await ch.rows('SELECT epoch, lookback_days FROM rules ORDER BY epoch', client);
  expect(recorded.map(({ epoch }) => epoch)).toEqual(recorded.map((_, at) => at + 1));
  for (const rules of adopted) {
    expect(recorded).toContainEqual({ epoch: rules.epoch, lookback_days: rules.lookbackDays });
  }
});

test('the time zone can change until there is data', async () => {
  const client = await ch.freshDatabase();
  await adoptRules(client, WANTED);
  const berlin = { ...WANTED, timezone: 'Europe/Berlin' };
  expect((await adoptRules(client, berlin)).epoch).toBe(2);
  await new ClickHouseStore(client).insert('events_rows', [
    eventsBlock([{ day: 19_000, user: 'u', id: 'a', source: 's/0', offset: 0 }]),
  ]);
  await expect(adoptRules(client, WANTED)).rejects.toMatchObject({
    code: 'TIMEZONE_FIXED',
    retryable: false,
    message: expect.stringContaining('Europe/Berlin') as string,
  });
});

test('who was forgotten and from when events are kept is part of the rules, and never goes back', async () => {
  const client = await ch.freshDatabase();
  const before = await adoptRules(client, WANTED);
  await run(
    client,
    "INSERT INTO forgotten_users (field, hash, sha256) VALUES ('user_id', 7, 'abc')",
  );
  const person = { field: 'user_id', hash: 7, sha256: 'abc' };
  const after = await adoptRules(client, WANTED);
  expect(after).toEqual({ ...before, epoch: 2, forgotten: [person] });
  expect(await readNewestRules(client)).toEqual(after);
  expect(onlyKeepLess(before, after)).toBe(true);
  const kept = await adoptRules(client, { ...WANTED, eventsFrom: 19_000 });
  expect(kept).toEqual({ ...after, epoch: 3, eventsFrom: 19_000 });
  expect(onlyKeepLess(before, kept)).toBe(true);
  expect(await adoptRules(client, WANTED)).toEqual(kept);
  expect(await adoptRules(client, { ...WANTED, eventsFrom: 18_000 })).toEqual(kept);
  const other = await adoptRules(client, { ...WANTED, lookbackDays: 5 });
  expect(onlyKeepLess(kept, other)).toBe(false);
  expect(onlyKeepLess(kept, kept)).toBe(false);
  expect(await ch.rows("SELECT count() AS n FROM rules WHERE rules LIKE '%abc%'", client)).toEqual([
    { n: 0 },
  ]);
});
