/** A process that was killed and started again does not wait until the group has found out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaKinds } from '../support/kafka.ts';
import { seed } from '../support/seed.ts';
import { backlog, message, randomOf } from './events.ts';
import type { Processor } from './run-process.ts';
import { PATIENCE_MS } from './run-process.ts';
import type { KafkaSide } from './world.ts';
import { freshWorld, kafkaSide } from './world.ts';

/** Far longer than the test may take. */
const SESSION_TIMEOUT_MS = 120_000;

describe.each(kafkaKinds())('on $name', { timeout: 90_000 }, ({ open }) => {
  let kafka: KafkaSide;
  let clickhouse: TestClickHouse;

  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([kafkaSide(open), testClickHouse()]);
  }, 90_000);
  afterAll(async () => {
    await clickhouse.close();
    await kafka[Symbol.asyncDispose]();
  });

  test('a processor that was killed and started again goes on at once', async () => {
    const topic = await kafka.topic({ partitions: 2 });
    await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
    const settings = { KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS) };
    const events = backlog(200, randomOf(seed)).map(message);
    const first = await world.run(settings);
    await kafka.send(topic, events.slice(0, 100));
    await world.caughtUp();
    await first.kill9();
    const second = await world.run(settings);
    await kafka.send(topic, events.slice(100));
    await world.caughtUp();
    expect((await second.stop()).status).toBe(0);
  });

  test('a processor that lives is nobody’s ghost: a second one shares the partitions with it', async () => {
    const topic = await kafka.topic({ partitions: 2 });
    await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
    const both = [await world.run({}), await world.run({})];
    const assigned = (processor: Processor) => processor.metric('tidemark_consumer_lag_events');
    await eventually(
      'each has a partition',
      async () => (await Promise.all(both.map(assigned))).every((lag) => lag !== undefined),
      PATIENCE_MS,
    );
    await kafka.send(topic, backlog(100, randomOf(seed)).map(message));
    await world.caughtUp();
    for (const processor of both) expect((await processor.stop()).status).toBe(0);
  });
});
