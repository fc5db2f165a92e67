import { createHook } from 'node:async_hooks';
import type { Kafka } from 'kafkajs';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafka } from '../../../src/sources/kafka/kafka-client.ts';
import { runKafkaConsumer } from '../../../src/sources/kafka/kafka-consumer.ts';
import { TopicProducer } from '../../../src/sources/kafka/topic-producer.ts';
import { eventually } from '../../support/eventually.ts';
import { kafkaKinds, kafkaOrigin } from '../../support/kafka.ts';
import type { RealKafka } from '../../support/kafka.ts';
import { Recording } from '../../support/kafka-recording.ts';

/** Brokers that are ours to kill. */
const KINDS = kafkaKinds({ own: true }).filter(
  ({ embedded }) => embedded || kafkaOrigin() !== 'given',
);

describe.each(KINDS)('a consumer of $name that is its own', ({ name, open }) => {
  /** What does not depend on the broker is tried on one of them. */
  const isRepeat = name !== KINDS[0]!.name;
  const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  let broker: RealKafka;
  let kafka: Kafka;

  beforeAll(async () => {
    broker = await open();
    kafka = createKafka({ brokers: broker.brokers }, logger);
  });

  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  async function produce(topic: string, from: number, to: number) {
    await using producer = await TopicProducer.open(kafka, topic, { partitions: 2 });
    await producer.send(
      Array.from({ length: to - from }, (_, i) => ({
        key: Buffer.from(String(from + i)),
        value: Buffer.from(String(from + i)),
      })),
    );
  }

  const run = (topic: string, recording: Recording) =>
    runKafkaConsumer({
      kafka,
      logger,
      groupId: topic,
      topics: [topic],
      createProcessor: recording.factory,
    });

  test('an idle consumer does not keep the process busy', async () => {
    await produce('idle', 0, 1);
    const recording = new Recording();
    const consumer = await run('idle', recording);
    await eventually('the record', () => recording.stored.size === 1);
    let timers = 0;
    const hook = createHook({
      init: (_, type) => {
        if (type === 'Timeout') timers++;
      },
    }).enable();
    let fetches = 0;
    let last: number | null = null;
    await eventually('ten fetches', () => {
      const at = consumer.lag()[0]?.lastFetchAt ?? null;
      if (at !== last) fetches++;
      last = at;
      return fetches > 10;
    });
    hook.disable();
    expect(timers).toBeLessThan(400);
    await consumer.settleAndStop();
  });

  test.skipIf(isRepeat)(
    'an error that says it cannot be retried ends the consumer after a few tries',
    async () => {
      await produce('hopeless', 0, 10);
      const recording = new Recording();
      class Hopeless extends Error {
        readonly retryable = false;
      }
      recording.beforeStore = () => Promise.reject(new Hopeless('no such column'));
      const consumer = await run('hopeless', recording);
      await expect(consumer.failed).rejects.toThrow('no such column');
      await consumer.settleAndStop();
      expect(recording.stored.size).toBe(0);
    },
  );

  test('nothing is lost or repeated when the broker is killed and comes back', async () => {
    await produce('outage', 0, 100);
    const recording = new Recording();
    const consumer = await run('outage', recording);
    await eventually('the first 100', () => recording.stored.size === 100);
    await broker.kill9();
    await broker.restart();
    await produce('outage', 100, 200);
    await eventually('100 more', () => recording.stored.size === 200, 40_000);
    expect(recording.pushed).toHaveLength(200);
    await consumer.settleAndStop();
  }, 90_000);

  test.skipIf(isRepeat)(
    'a stop while the broker is away ends',
    async () => {
      await produce('away', 0, 10);
      const recording = new Recording();
      const consumer = await run('away', recording);
      await eventually('all of it', () => recording.stored.size === 10);
      await broker.kill9();
      await consumer.settleAndStop();
      await broker.restart();
    },
    90_000,
  );

  test.skipIf(isRepeat)('no broker at the start is an error, not a wait', async () => {
    const nobody = createKafka({ brokers: ['127.0.0.1:1'], retries: 1 }, logger);
    await expect(
      runKafkaConsumer({
        kafka: nobody,
        logger,
        groupId: 'nobody',
        topics: ['x'],
        createProcessor: new Recording().factory,
      }),
    ).rejects.toThrow(/ECONNREFUSED|connect/);
  });
});
