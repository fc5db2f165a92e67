/** What `run` says of itself while the broker is away: no lag of 0, not ready, in the end not alive. */
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHttpServer } from '../../src/serve/http-server.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { createKafka } from '../../src/sources/kafka/kafka-client.ts';
import { runKafkaConsumer } from '../../src/sources/kafka/kafka-consumer.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { embeddedKafka } from '../support/kafka-embedded.ts';
import { Recording } from '../support/kafka-recording.ts';
import { at, message } from './events.ts';
import { PATIENCE_MS } from './run-process.ts';
import { freshWorld, kafkaSide } from './world.ts';
import type { KafkaSide } from './world.ts';

let kafka: KafkaSide;
let clickhouse: TestClickHouse;
beforeAll(async () => {
  [kafka, clickhouse] = await Promise.all([kafkaSide(embeddedKafka), testClickHouse()]);
});
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
  await clickhouse.close();
});

const visit = (id: string) =>
  message({
    event_id: id,
    user_id: 'a',
    event_type: 'page_view',
    event_time: at('2026-03-01T08:00:00Z'),
  });

/** The status and the reasons of a health endpoint. */
async function health(url: string): Promise<{ status: number; reasons: string }> {
  const response = await fetch(url);
  const { reasons } = (await response.json()) as { reasons: string[] };
  return { status: response.status, reasons: reasons.join('; ') };
}

test('while the broker is away the lag grows, and the process is not ready; afterwards it is 0 again', async () => {
  const topic = await kafka.topic({ partitions: 1 });
  await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
  const processor = await world.run();
  const of = (name: string) => processor.metric(`tidemark_${name}{topic="${topic}",partition="0"}`);
  const allIsWell = () =>
    eventually(
      'caught up, and ready',
      async () =>
        (await of('consumer_lag_seconds')) === 0 &&
        (await of('consumer_lag_events')) === 0 &&
        (await health(`${processor.url}/readyz`)).status === 200,
      PATIENCE_MS,
    );
  await kafka.send(topic, [visit('1')]);
  await world.caughtUp();
  await allIsWell();

  await kafka.broker.kill9();
  await eventually(
    'the lag grows',
    async () => ((await of('consumer_lag_seconds')) ?? 0) > 16,
    PATIENCE_MS,
  );
  expect(await of('consumer_lag_events')).toBeUndefined();
  const { status, reasons } = await health(`${processor.url}/readyz`);
  expect(status).toBe(503);
  expect(reasons).toContain(`no broker has answered a fetch of ${topic}/0 for`);
  expect(await health(`${processor.url}/livez`)).toEqual({ status: 200, reasons: '' });

  await kafka.broker.restart();
  await allIsWell();
}, 150_000);

test('a consumer that gets no answer for two minutes is not alive', async () => {
  const topic = await kafka.topic({ partitions: 1 });
  await kafka.send(topic, [visit('1')]);
  const logger = pino({ level: 'silent' });
  const recording = new Recording();
  const consumer = await runKafkaConsumer({
    kafka: createKafka({ brokers: kafka.broker.brokers }, logger),
    logger,
    groupId: topic,
    topics: [topic],
    createProcessor: recording.factory,
  });
  try {
    const partitions = () => consumer.lag();
    await using server = await startHttpServer({
      port: 0,
      version: '0',
      metrics: new Metrics({ version: '0', commit: 'unknown', partitions }),
      partitions,
      pingWarehouse: () => Promise.resolve(),
      // 115 of the 120 seconds are over already.
      now: () => Date.now() + 115_000,
    });
    await eventually('it reads', () => recording.stored.size === 1);
    await eventually('an answer', () => consumer.lag()[0]?.lastFetchAt !== null);
    expect(consumer.lag()[0]!.readingSince).toBeLessThanOrEqual(Date.now());
    const alive = async () => (await health(`${server.url}/livez`)).status === 200;
    await eventually('it is alive', alive, PATIENCE_MS);
    await kafka.broker.kill9();
    await eventually('it is not alive', async () => !(await alive()), PATIENCE_MS);
    expect((await health(`${server.url}/livez`)).reasons).toContain(`no broker has answered`);
  } finally {
    await consumer.settleAndStop();
    await kafka.broker.restart();
  }
}, 120_000);
