/** Whatever ends a processor, and wherever: the tables are those of a run that nothing disturbed. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaKinds } from '../support/kafka.ts';
import { seed } from '../support/seed.ts';
import { backlog, message, randomOf } from './events.ts';
import type { Gate } from './gate.ts';
import { openGate } from './gate.ts';
import type { Processor } from './run-process.ts';
import type { Counts, Digest, KafkaSide, Positions, Tables, World } from './world.ts';
import { PATIENCE_MS } from './run-process.ts';
import { freshWorld, kafkaSide } from './world.ts';

const RECORDS = 20_000;
const SESSION_TIMEOUT_MS = 3_000;

/** Many small fetches and writes, so that there is much to be disturbed. */
const SMALL_STEPS = {
  KAFKA_FETCH_BYTES_PER_PARTITION: '65536',
  MAX_PENDING_ROWS: '1000',
  KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
};

const KAFKAS = kafkaKinds();

describe.each(KAFKAS)(
  'a processor that is ended, on $name',
  { timeout: 90_000 },
  ({ name, open }) => {
    /** What a processor does by itself is tried on one of them; that two share, by ghost.test.ts on both. */
    const isRepeat = name !== KAFKAS[0]!.name;
    const random = randomOf(seed);
    let kafka: KafkaSide;
    let clickhouse: TestClickHouse;
    let gate: Gate;
    let topic: string;
    let undisturbed: { tables: Tables; digests: Record<string, Digest>; counts: Counts };

    beforeAll(async () => {
      [kafka, clickhouse] = await Promise.all([kafkaSide(open), testClickHouse()]);
      gate = await openGate(clickhouse.url);
      topic = await kafka.topic();
      await kafka.send(topic, backlog(RECORDS, random).map(message));
      await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
      const processor = await world.run();
      await world.caughtUp();
      expect((await processor.stop()).status).toBe(0);
      undisturbed = {
        tables: await world.tables(),
        digests: await world.digests(),
        counts: await world.counts(),
      };
    }, 90_000);
    afterAll(async () => {
      await gate[Symbol.asyncDispose]();
      await clickhouse.close();
      await kafka[Symbol.asyncDispose]();
    });

    const disturbedWorld = () => {
      gate.delayMs = 0;
      return freshWorld({
        kafka,
        clickhouse: clickhouse.url,
        through: gate.url,
        topic,
        settings: SMALL_STEPS,
      });
    };

    async function expectUndisturbed(world: World) {
      await world.caughtUp();
      expect(await world.counts()).toEqual(undisturbed.counts);
      // To hold all rows against each other takes seconds: only where they differ.
      if (isDeepStrictEqual(await world.digests(), undisturbed.digests)) return;
      expect(await world.tables()).toEqual(undisturbed.tables);
    }

    const stored = async (world: World) => sum((await world.positions()).lines);
    const counted = async (processor: Processor) => (await processor.metric(EVENTS)) ?? 0;

    test('the undisturbed run has every outcome, and they add up to the records', () => {
      const { accepted, duplicate, late, future, invalid, skipped } = undisturbed.counts;
      for (const count of [accepted, duplicate, late, invalid]) expect(count).toBeGreaterThan(0);
      expect(accepted + duplicate + late + future + invalid + skipped).toBe(RECORDS);
      expect(undisturbed.tables['events']).toHaveLength(accepted);
      expect(undisturbed.tables['late']).toHaveLength(late);
      expect(undisturbed.tables['rejected']).toHaveLength(invalid);
    });

    test.skipIf(isRepeat)(
      'SIGTERM during a write stores, commits and then ends; a restart replays nothing',
      async () => {
        await using world = await disturbedWorld();
        const held = gate.hold('user_day_rows', 'before it is applied');
        const first = await world.run();
        const release = await held;
        first.process.kill('SIGTERM');
        release();
        expect((await first.ended).status).toBe(0);
        const { lines, committed } = await world.positions();
        expect(committed).toEqual(lines);
        const before = sum(lines);
        expect(before).toBeGreaterThan(0);
        expect(before).toBeLessThan(RECORDS);

        const second = await world.run();
        await expectUndisturbed(world);
        expect(await counted(second)).toBe(RECORDS - before);
        expect((await second.stop()).status).toBe(0);
        const after = await world.positions();
        expect(after.committed).toEqual(after.lines);
      },
    );

    test.skipIf(isRepeat)(
      'kill -9 after any step of a write, and at any other moment, leaves the same tables',
      async () => {
        await using world = await disturbedWorld();
        for (const table of ['events_rows', 'user_day_rows', 'source_progress_rows']) {
          const held = gate.hold(table, 'before it is answered');
          const processor = await world.run(anotherGroup());
          await processor.meanwhile(held);
          await processor.kill9();
        }
        gate.delayMs = 300;
        const moment = (await stored(world)) + random() * 4_000;
        const processor = await world.run();
        await eventually(
          `${moment} records are stored`,
          async () => (await stored(world)) > moment,
          PATIENCE_MS,
        );
        await processor.kill9();
        expect(await stored(world)).toBeLessThan(RECORDS);
        gate.delayMs = 0;
        await world.run();
        await expectUndisturbed(world);
      },
    );

    test.skipIf(isRepeat)(
      'processes that join and leave in the middle share the work, and nothing is done twice',
      async () => {
        await using world = await disturbedWorld();
        gate.delayMs = 1_500;
        const first = await world.run();
        await eventually(
          'the first one stores',
          async () => (await counted(first)) > 0,
          PATIENCE_MS,
        );
        const second = await world.run();
        await eventually(
          'the second one stores',
          async () => (await counted(second)) > 0,
          PATIENCE_MS,
        );
        expect(await first.metric('tidemark_watermark_timestamp_seconds')).toBeDefined();
        expect(await stored(world)).toBeLessThan(RECORDS);
        expect((await first.stop()).status).toBe(0);
        gate.delayMs = 0;
        await expectUndisturbed(world);
        expect((await second.stop()).status).toBe(0);
        const { lines, committed } = await world.positions();
        expect(committed).toEqual(lines);
      },
    );

    test('kill -9 of one of two: the other goes on with its partitions when the session is over', async () => {
      await using world = await disturbedWorld();
      gate.delayMs = 1_500;
      const [first, second] = await Promise.all([world.run(), world.run()]);
      await eventually(
        'both store',
        async () => (await counted(first)) > 0 && (await counted(second)) > 0,
        PATIENCE_MS,
      );
      expect(await stored(world)).toBeLessThan(RECORDS);
      await first.kill9();
      gate.delayMs = 0;
      const killedAt = Date.now();
      await expectUndisturbed(world);
      expect(Date.now() - killedAt).toBeLessThan(SESSION_TIMEOUT_MS + 10_000);
      const lag = () => second.metric('tidemark_consumer_lag_events');
      await eventually('the other has caught up', async () => (await lag()) === 0);
    });
  },
);

/** So that nobody waits until the session of a killed member is over. */
const anotherGroup = () => ({ KAFKA_GROUP_ID: randomUUID() });

const EVENTS = 'tidemark_events_total';

function sum(positions: Positions): number {
  return Object.values(positions).reduce((total, position) => total + position, 0);
}
