/** The short form of `npm run test:faults`: whatever is done to the servers, the tables are what the log says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readNewestRules } from '../../src/warehouse/rules-store.ts';
import { kafkaSide } from '../integration/world.ts';
import type { KafkaSide } from '../integration/world.ts';
import { embeddedKafka } from '../support/kafka-embedded.ts';
import { seed } from '../support/seed.ts';
import { openArena } from './arena.ts';
import { clickHouseSide } from './clickhouse-side.ts';
import type { ClickHouseSide } from './clickhouse-side.ts';
import { differences } from './expected.ts';
import { play } from './scenario.ts';
import { scenario } from './scenarios.ts';

const LOAD = { seed, records: 5_000, rate: 1_500 };

describe('real faults, in short', { timeout: 90_000 }, () => {
  let kafka: KafkaSide;
  let clickhouse: ClickHouseSide;

  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([kafkaSide(embeddedKafka), clickHouseSide()]);
  });
  afterAll(async () => {
    await clickhouse[Symbol.asyncDispose]();
    await kafka[Symbol.asyncDispose]();
  });

  test.each(['kill -9 of ClickHouse', 'a bad network to ClickHouse'])(
    '%s: exact in the end',
    async (name) => {
      const played = await play(scenario(name), { kafka, clickhouse, ...LOAD });
      expect(played.differences).toEqual([]);
      expect(played.sent).toBe(LOAD.records);
    },
  );

  test('the judge sees an event that is missing, one too many, and an aggregate that is off by one', async () => {
    await using arena = await openArena({ kafka, clickhouse, seed, records: 600, rate: 6_000 });
    await arena.run();
    expect(await arena.judge()).toEqual([]);
    const { client } = arena.world;
    const rules = await readNewestRules(client);
    const wrong = () => differences(client, arena.history.logs(), rules!);

    const event = '(source, offset) IN (SELECT source, offset FROM events ORDER BY offset LIMIT 1)';
    await client.command({ query: `CREATE TABLE kept AS events_rows` });
    await client.command({ query: `INSERT INTO kept SELECT * FROM events_rows WHERE ${event}` });
    await client.command({ query: `DELETE FROM events_rows WHERE ${event}` });
    expect(await wrong()).toEqual([expect.stringMatching(/^events .* is missing$/)]);
    await client.command({ query: 'INSERT INTO events_rows SELECT * FROM kept' });
    expect(await wrong()).toEqual([]);

    await client.command({
      query: `INSERT INTO events_rows SELECT * REPLACE ('one more' AS event_id) FROM kept`,
    });
    const [twice] = await wrong();
    expect(twice).toMatch(/^events .* is there twice$/);
    await client.command({ query: `DELETE FROM events_rows WHERE event_id = 'one more'` });

    await client.command({
      query: `INSERT INTO user_day_rows SELECT * REPLACE (miles_earned + 1 AS miles_earned)
              FROM user_day_rows FINAL ORDER BY event_date, user_id LIMIT 1`,
    });
    expect(await wrong()).toEqual([expect.stringMatching(/^user_days .*: miles_earned is/)]);
  });
});
