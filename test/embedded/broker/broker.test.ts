import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findEmbeddedBroker, startEmbeddedBroker } from '../../../src/embedded/broker/broker.ts';
import { createKafka } from '../../../src/sources/kafka/kafka-client.ts';
import { eventually } from '../../support/eventually.ts';
import { rawClient } from './raw-client.ts';

const logger = pino({ level: 'silent' });
const clientOf = (brokers: readonly string[], retries = 3) =>
  createKafka({ brokers, retries }, logger);
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-broker-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

/** All values of a topic, by partition, in the order of the log. */
async function valuesOf(brokers: readonly string[], topic: string): Promise<Map<number, string[]>> {
  const kafka = clientOf(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const values = new Map(offsets.map(({ partition }): [number, string[]] => [partition, []]));
  const wanted = offsets.reduce((sum, { high }) => sum + Number(high), 0);
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      for (const { value } of batch.messages) {
        // Batches come whole here: their values are those of their records, one each.
        values.get(batch.partition)!.push(valueIn(value!));
      }
      return Promise.resolve();
    },
  });
  const read = () => [...values.values()].reduce((sum, list) => sum + list.length, 0);
  await eventually('all records', () => read() === wanted);
  await consumer.disconnect();
  return values;
}

/** The value of the only record of a batch. */
const valueIn = (batch: Buffer) => /value-\d+/.exec(batch.toString('latin1'))?.[0] ?? '';

/** As an administrator does for a group without members. */
async function commit(
  broker: string,
  { topic, partition, offset }: { topic: string; partition: number; offset: number },
): Promise<void> {
  using client = await rawClient(broker);
  await client.ask(8, 5, (frame) => {
    frame.string('group').int32(-1).string('');
    frame.array([topic], (name) => {
      frame.string(name).array([partition], () => {
        frame.int32(partition).int64(offset).string('so far');
      });
    });
  });
}

test('kill -9 loses nothing that was acknowledged, neither records nor offsets', async () => {
  const first = await startEmbeddedBroker({ dataDir });
  const kafka = clientOf(first.brokers);
  const [admin, producer] = [kafka.admin(), clientOf(first.brokers, 0).producer()];
  await admin.connect();
  await producer.connect();
  await admin.createTopics({ topics: [{ topic: 'events', numPartitions: 2 }] });
  await commit(first.brokers[0]!, { topic: 'events', partition: 1, offset: 3 });
  const acknowledged: string[][] = [[], []];
  let sent = 0;
  const send = async () => {
    for (;;) {
      const value = `value-${sent}`;
      const partition = sent++ % 2;
      await producer.send({ topic: 'events', messages: [{ partition, value }] });
      acknowledged[partition]!.push(value);
    }
  };
  const sending = Promise.allSettled([send(), send(), send()]);
  await eventually('300 records', () => acknowledged.flat().length > 300);
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  await Promise.all([sending, producer.disconnect(), admin.disconnect()]);

  await using second = await startEmbeddedBroker({ dataDir });
  expect(second.brokers).toEqual(first.brokers);
  expect(second.pid).not.toBe(first.pid);
  const values = await valuesOf(second.brokers, 'events');
  for (const [partition, list] of values) {
    expect(new Set(list)).toEqual(new Set([...list, ...acknowledged[partition]!]));
  }
  const again = clientOf(second.brokers).admin();
  await again.connect();
  const [offsets] = await again.fetchOffsets({ groupId: 'group', topics: ['events'] });
  await again.disconnect();
  const [of0, of1] = offsets!.partitions.toSorted((a, b) => a.partition - b.partition);
  expect(of0).toMatchObject({ offset: '-1' });
  expect(of1).toMatchObject({ offset: '3', metadata: 'so far' });
});

test('of several that start at once one starts the broker and the others use it', async () => {
  expect(await findEmbeddedBroker(dataDir)).toBeUndefined();
  const started = await Promise.all([
    startEmbeddedBroker({ dataDir }),
    startEmbeddedBroker({ dataDir }),
    startEmbeddedBroker({ dataDir }),
  ]);
  expect(started.filter(({ owned }) => owned)).toHaveLength(1);
  expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
  expect(await findEmbeddedBroker(dataDir)).toMatchObject({ pid: started[0].pid, owned: false });
  await Promise.all(started.map((broker) => broker.close()));
  expect(await findEmbeddedBroker(dataDir)).toBeUndefined();
});

test('a topic that is deleted is gone for good, and one made anew is empty', async () => {
  await using broker = await startEmbeddedBroker({ dataDir });
  const kafka = clientOf(broker.brokers);
  const [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] });
  await producer.send({ topic: 't', messages: [{ value: 'value-1' }] });
  await admin.deleteTopics({ topics: ['t'] });
  expect(await admin.listTopics()).toEqual([]);
  await admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] });
  expect(await admin.fetchTopicOffsets('t')).toMatchObject([{ high: '0' }]);
  await Promise.all([admin.disconnect(), producer.disconnect()]);
});

test('a topic that a producer asks for is made, with four partitions, unless its name is wrong', async () => {
  await using broker = await startEmbeddedBroker({ dataDir });
  const kafka = clientOf(broker.brokers);
  const [admin, producer] = [kafka.admin(), kafka.producer({ allowAutoTopicCreation: true })];
  await Promise.all([admin.connect(), producer.connect()]);
  await producer.send({ topic: 'new', messages: [{ value: 'value-1' }] });
  expect(await admin.fetchTopicOffsets('new')).toHaveLength(4);
  await expect(producer.send({ topic: 'a/b', messages: [{ value: 'x' }] })).rejects.toThrow(
    'invalid topic',
  );
  expect(await admin.listTopics()).toEqual(['new']);
  await Promise.all([admin.disconnect(), producer.disconnect()]);
});

test('a taken port is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await expect(startEmbeddedBroker({ dataDir, port })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: `port ${port} is taken by another program: set KAFKA_PORT to a free one, or leave it unset`,
  });
  taken.close();
});

test('a folder of a newer version is refused and left as it is', async () => {
  await (await startEmbeddedBroker({ dataDir })).close();
  const path = join(dataDir, 'kafka/topics.json');
  const newer = '{"format":99,"nextId":1,"topics":[]}';
  await writeFile(path, newer);
  await expect(startEmbeddedBroker({ dataDir })).rejects.toMatchObject({
    code: 'START_FAILED',
    message: expect.stringContaining('was written by a newer version') as string,
  });
  expect(await readFile(path, 'utf8')).toBe(newer);
});

test('it says that it is for development only', async () => {
  await using broker = await startEmbeddedBroker({ dataDir });
  expect(broker.owned).toBe(true);
  const log = () => readFile(join(dataDir, 'kafka-server.log'), 'utf8');
  await eventually('the banner', async () => (await log()).includes('for development only'));
});
