import { randomUUID } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafka } from '../../../src/sources/kafka/kafka-client.ts';
import { runKafkaConsumer } from '../../../src/sources/kafka/kafka-consumer.ts';
import type {
  KafkaConsumerOptions,
  RunningConsumer,
} from '../../../src/sources/kafka/kafka-consumer.ts';
import { TopicProducer } from '../../../src/sources/kafka/topic-producer.ts';
import { eventually } from '../../support/eventually.ts';
import { kafkaKinds } from '../../support/kafka.ts';
import type { RealKafka } from '../../support/kafka.ts';
import { Recording } from '../../support/kafka-recording.ts';

// Each test has a topic of its own, and most of its time is spent waiting.
describe.concurrent.each(kafkaKinds())('a consumer of $name', ({ embedded, open }) => {
  const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  let broker: RealKafka;
  let kafka: Kafka;
  let admin: Admin;

  beforeAll(async () => {
    broker = await open();
    kafka = createKafka({ brokers: broker.brokers }, logger);
    admin = kafka.admin();
    await admin.connect();
  });

  afterAll(async () => {
    await admin.disconnect();
    await broker[Symbol.asyncDispose]();
  });

  async function topicWith(partitions: number, config: Record<string, string> = {}) {
    const topic = `events-${randomUUID()}`;
    await admin.createTopics({
      // While others are made kafkajs gives up on its leaders too early.
      waitForLeaders: false,
      topics: [
        {
          topic,
          numPartitions: partitions,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    await eventually(`the topic ${topic} has leaders`, () =>
      admin.fetchTopicOffsets(topic).then(
        (offsets) => offsets.length === partitions,
        () => false,
      ),
    );
    return topic;
  }

  async function produce(topic: string, values: readonly string[]) {
    await using producer = await TopicProducer.open(kafka, topic);
    await producer.send(
      values.map((value, i) => ({ key: Buffer.from(`key-${i}`), value: Buffer.from(value) })),
    );
  }

  const numbered = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `value-${String(from + i).padStart(6, '0')}`);

  function run(
    topic: string,
    recording: Recording,
    options: Partial<KafkaConsumerOptions> = {},
  ): Promise<RunningConsumer> {
    return runKafkaConsumer({
      kafka,
      logger,
      groupId: `group-of-${topic}`,
      topics: [topic],
      createProcessor: recording.factory,
      ...options,
    });
  }

  const committed = async (topic: string) => {
    const offsets = await admin.fetchOffsets({ groupId: `group-of-${topic}`, topics: [topic] });
    return Object.fromEntries(
      offsets[0]!.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
  };

  test('everything in the log is read once, from its beginning, and committed', async () => {
    const topic = await topicWith(3);
    await produce(topic, numbered(0, 500));
    const recording = new Recording();
    const consumer = await run(topic, recording);
    await eventually('the first 500', () => recording.stored.size === 500);
    await produce(topic, numbered(500, 600));
    await eventually('100 more', () => recording.stored.size === 600);
    expect(recording.values()).toEqual(numbered(0, 600));
    expect(recording.pushed).toHaveLength(600);
    const lag = consumer.lag();
    expect(lag).toHaveLength(3);
    for (const { end, position, committed: stored } of lag) {
      expect(position).toBe(end);
      expect(stored).toBe(end);
    }
    await consumer.settleAndStop();
    expect(await committed(topic)).toEqual(
      Object.fromEntries(lag.map(({ partition, end }) => [partition, end])),
    );
  });

  test('a clean stop during a write replays nothing', async () => {
    const topic = await topicWith(2);
    await produce(topic, numbered(0, 100));
    const recording = new Recording();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    recording.beforeStore = () => held;
    const consumer = await run(topic, recording);
    await eventually('a write', () => recording.pushed.length > 0);
    const stopped = consumer.settleAndStop();
    release();
    await stopped;
    expect(recording.stored.size).toBe(recording.pushed.length);
    for (const [partition, offset] of Object.entries(await committed(topic))) {
      expect(Math.max(0, offset)).toBe(recording.lines.get(`${topic}/${partition}`) ?? 0);
    }
    const again = await run(topic, recording);
    await eventually('the rest', () => recording.stored.size === 100);
    await again.settleAndStop();
    expect(recording.pushed).toHaveLength(100);
  });

  test('a planned hand-over between two members loses and replays nothing', async () => {
    const topic = await topicWith(4);
    const recording = new Recording();
    const first = await run(topic, recording);
    await eventually('four partitions', () => first.lag().length === 4);
    let produced = 0;
    const produceMore = async () => {
      await produce(topic, numbered(produced, produced + 200));
      produced += 200;
    };
    await produceMore();
    const second = await run(topic, recording);
    await produceMore();
    await eventually('two each', () => first.lag().length === 2 && second.lag().length === 2);
    await produceMore();
    await eventually('all of it', () => recording.stored.size === produced);
    await first.settleAndStop();
    await produceMore();
    await eventually('four for the second', () => second.lag().length === 4);
    await eventually('all of it', () => recording.stored.size === produced);
    await second.settleAndStop();
    expect(recording.values()).toEqual(numbered(0, produced));
    expect(recording.pushed).toHaveLength(produced);
  });

  test('a push that outlasts the session keeps the membership', async () => {
    const topic = await topicWith(1);
    await produce(topic, numbered(0, 10));
    const recording = new Recording();
    let release = () => {};
    recording.beforeStore = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const started = Date.now();
    const consumer = await run(topic, recording, { sessionTimeoutMs: 1_000 });
    await eventually('a push', () => recording.pushed.length > 0);
    await eventually('three sessions', () => Date.now() - started > 3_500);
    release();
    await eventually('all stored', () => recording.stored.size === 10);
    expect(recording.starts).toHaveLength(1);
    expect(recording.pushed).toHaveLength(10);
    await consumer.settleAndStop();
  });

  test('a rebalance ends the wait for a push, so that the others need not wait', async () => {
    const topic = await topicWith(2);
    await produce(topic, numbered(0, 20));
    const slow = new Recording();
    slow.beforeStore = () => new Promise(() => {});
    const quick = new Recording();
    const first = await run(topic, slow, { sessionTimeoutMs: 1_500, stopWithinMs: 100 });
    await eventually('a push that hangs', () => slow.pushed.length > 0);
    const second = await run(topic, quick, { sessionTimeoutMs: 1_500 });
    await eventually('a partition for the second', () => quick.stored.size > 0, 10_000);
    await first.settleAndStop();
    await eventually('all of it', () => quick.stored.size === 20);
    await second.settleAndStop();
  });

  test('a processor that dies is replaced, and the new one starts from its line', async () => {
    const topic = await topicWith(1);
    await produce(topic, numbered(0, 50));
    const recording = new Recording();
    let faults = 2;
    recording.beforeStore = async () => {
      if (faults-- > 0) throw new Error('the warehouse said no');
    };
    const consumer = await run(topic, recording);
    await eventually('all of it', () => recording.stored.size === 50);
    expect(recording.starts).toHaveLength(3);
    await consumer.settleAndStop();
  });

  test.skipIf(embedded)(
    'a log trimmed under a slow reader starts its processor again',
    async () => {
      const topic = await topicWith(1);
      await produce(topic, numbered(0, 10));
      const recording = new Recording();
      // The line says 5, but between its reading and the first fetch the log loses what is before 8.
      recording.lines.set(`${topic}/0`, 5);
      const consumer = await run(topic, recording, {
        createProcessor: (log, callbacks) => {
          const processor = recording.factory(log, callbacks);
          const start = processor.start.bind(processor);
          processor.start = async (bounds) => {
            const offset = await start(bounds);
            if (recording.starts.length === 1) {
              await admin.fetchTopicOffsets(topic); // Loads the metadata that the next call needs.
              await admin.deleteTopicRecords({
                topic,
                partitions: [{ partition: 0, offset: '8' }],
              });
            }
            return offset;
          };
          return processor;
        },
      });
      await eventually('the rest of the log', () => recording.stored.size === 2);
      expect(recording.starts.map(({ bounds }) => bounds.first)).toEqual([0, 8]);
      expect([...recording.stored.values()].map(({ offset }) => offset)).toEqual([8, 9]);
      expect(Object.values(await committed(topic))).not.toContain(-2);
      await consumer.settleAndStop();
    },
  );

  test('a topic that is deleted and made anew is read from its beginning', async () => {
    const topic = await topicWith(1);
    await produce(topic, numbered(0, 10));
    const recording = new Recording();
    const consumer = await run(topic, recording);
    await eventually('the first log', () => recording.stored.size === 10);
    await admin.deleteTopics({ topics: [topic] });
    await eventually('the topic is gone', async () => !(await admin.listTopics()).includes(topic));
    recording.stored.clear();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await produce(topic, ['new-0', 'new-1']);
    await eventually('the second log', () => recording.stored.size === 2, 30_000);
    expect(recording.values()).toEqual(['new-0', 'new-1']);
    await consumer.settleAndStop();
  }, 60_000);

  test('a topic that does not exist is waited for, and not created', async () => {
    const topic = `late-${randomUUID()}`;
    const other = await topicWith(1);
    await produce(other, ['other']);
    const recording = new Recording();
    const consumer = await run(topic, recording, { topics: [topic, other] });
    await eventually('the topic that exists', () => recording.stored.size === 1);
    expect(consumer.missingTopics()).toEqual([topic]);
    expect(await admin.listTopics()).not.toContain(topic);
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await produce(topic, ['late']);
    await eventually('the new topic', () => recording.stored.size === 2);
    expect(consumer.missingTopics()).toEqual([]);
    expect(recording.pushed).toHaveLength(2);
    await consumer.settleAndStop();
  });

  test('a new partition is found', async () => {
    const topic = await topicWith(1);
    const recording = new Recording();
    const consumer = await run(topic, recording, { metadataMaxAgeMs: 500 });
    await eventually('one partition', () => consumer.lag().length === 1);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await eventually('three partitions', () => consumer.lag().length === 3);
    await produce(topic, numbered(0, 60));
    await eventually('all of it', () => recording.stored.size === 60);
    expect(recording.pushed).toHaveLength(60);
    await consumer.settleAndStop();
  });

  test.skipIf(embedded)(
    'records of aborted transactions are left out, and markers do not hold the reader up',
    async () => {
      const topic = await topicWith(1);
      const transactional = (id: string) => {
        const producer = kafka.producer({ transactionalId: id, maxInFlightRequests: 1 });
        return producer;
      };
      const [a, b] = [transactional(`a-${topic}`), transactional(`b-${topic}`)];
      await a.connect();
      await b.connect();
      const ta = await a.transaction();
      const tb = await b.transaction();
      const send = (t: typeof ta, value: string) => t.send({ topic, messages: [{ value }] });
      await send(ta, 'aborted-a-1');
      await send(tb, 'aborted-b-1');
      await send(ta, 'aborted-a-2');
      await send(tb, 'aborted-b-2');
      await ta.abort();
      const tc = await a.transaction();
      await send(tc, 'kept-1');
      await tb.abort();
      await send(tc, 'kept-2');
      await tc.commit();
      await Promise.all([a.disconnect(), b.disconnect()]);

      const recording = new Recording();
      const consumer = await run(topic, recording);
      await eventually('the end', () => consumer.lag()[0]?.position === 9);
      expect(recording.values()).toEqual(['kept-1', 'kept-2']);
      await consumer.settleAndStop();

      // Started in the middle, both transactions are open at once before their first record.
      const middle = new Recording();
      middle.lines.set(`${topic}/0`, 2);
      const second = await run(topic, middle);
      await eventually('the end', () => second.lag()[0]?.position === 9);
      expect(middle.values()).toEqual(['kept-1', 'kept-2']);
      await second.settleAndStop();
    },
  );

  test.skipIf(embedded).each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'records compressed with %s are read',
    async (type) => {
      const topic = await topicWith(1, {
        'compression.type': type,
        'max.message.bytes': '10000000',
      });
      const values = numbered(0, 5_000);
      await produce(topic, values);
      await produce(topic, ['x'.repeat(3_000_000)]);
      const recording = new Recording();
      const consumer = await run(topic, recording);
      await eventually('all of it', () => recording.stored.size === 5_001);
      expect(recording.values()).toEqual([...values, 'x'.repeat(3_000_000)].sort());
      await consumer.settleAndStop();

      const bounded = new Recording();
      const small = await run(topic, bounded, { maxBatchBytes: 1_000_000 });
      await eventually('all of it', () => bounded.stored.size === 5_001);
      expect(bounded.stored.get(`${topic}/0/5000`)?.fault).toBe('batch_too_large');
      await small.settleAndStop();
    },
  );

  test.skipIf(embedded)(
    'time, key and headers come as they were sent, and null stays null',
    async () => {
      const topic = await topicWith(1);
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({
        topic,
        messages: [
          { key: 'k', value: 'v', timestamp: '1700000000123', headers: { a: 'b', empty: '' } },
          { key: null, value: null, timestamp: '1600000000000' },
        ],
      });
      await producer.disconnect();
      const recording = new Recording();
      const consumer = await run(topic, recording);
      await eventually('both', () => recording.stored.size === 2);
      await consumer.settleAndStop();
      const source = `${topic}/0`;
      expect([...recording.stored.values()]).toEqual([
        {
          source,
          offset: 0,
          time: 1_700_000_000_123,
          key: 'k',
          value: 'v',
          fault: null,
          headers: { a: 'b', empty: '' },
        },
        {
          source,
          offset: 1,
          time: 1_600_000_000_000,
          key: null,
          value: null,
          fault: null,
          headers: {},
        },
      ]);
    },
  );
});
