import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../src/processor/ports.ts';
import { KafkaDeadLetters, deadLetterTopic } from '../../../src/sources/kafka/dead-letters.ts';
import { createKafka } from '../../../src/sources/kafka/kafka-client.ts';
import { runKafkaConsumer } from '../../../src/sources/kafka/kafka-consumer.ts';
import { eventually } from '../../support/eventually.ts';
import { kafkaOrigin, sharedKafka } from '../../support/kafka.ts';
import type { RealKafka } from '../../support/kafka.ts';
import { Recording } from '../../support/kafka-recording.ts';

describe.skipIf(kafkaOrigin() === undefined)('dead letters on a real Kafka', () => {
  const logger = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  let broker: RealKafka;
  let kafka: Kafka;

  beforeAll(async () => {
    broker = await sharedKafka();
    kafka = createKafka({ brokers: broker.brokers }, logger);
  });

  afterAll(async () => {
    await broker[Symbol.asyncDispose]();
  });

  function letter(stream: string, offset: number, changes: Partial<DeadLetter> = {}): DeadLetter {
    return {
      stream,
      source: 'app-events/3',
      offset,
      time: 1_700_000_000_000,
      outcome: 'invalid',
      reason: 'truncated',
      key: Buffer.from(`user-${offset}`),
      value: Buffer.from([0, 1, 2, offset % 256]),
      headers: [],
      ...changes,
    };
  }

  async function sent(stream: string, letters: readonly DeadLetter[]) {
    const topic = `topic-of-${stream}`;
    await using queue = new KafkaDeadLetters({ kafka, logger, topicOf: (s) => `topic-of-${s}` });
    await queue.send(letters);
    const recording = new Recording();
    const consumer = await runKafkaConsumer({
      kafka,
      logger,
      groupId: randomUUID(),
      topics: [deadLetterTopic(topic)],
      createProcessor: recording.factory,
    });
    await eventually('all letters', () => recording.stored.size === letters.length);
    await consumer.settleAndStop();
    return [...recording.stored.values()];
  }

  test('a letter has the original key, value and headers, and says where from and why', async () => {
    const stream = randomUUID();
    const headers = [
      { key: 'trace', value: Buffer.from('abc') },
      { key: 'nothing', value: null },
    ];
    const [read] = await sent(stream, [letter(stream, 42, { headers })]);
    expect(read).toMatchObject({
      key: 'user-42',
      value: '\x00\x01\x02\x2a',
      headers: {
        trace: 'abc',
        nothing: null,
        'tidemark-stream': stream,
        'tidemark-source': 'app-events/3',
        'tidemark-offset': '42',
        'tidemark-time': '1700000000000',
        'tidemark-outcome': 'invalid',
        'tidemark-reason': 'truncated',
      },
    });
  });

  test('null keys and tombstones stay what they are', async () => {
    const stream = randomUUID();
    const [read] = await sent(stream, [letter(stream, 1, { key: null, value: null })]);
    expect(read).toMatchObject({ key: null, value: null });
  });

  test('more letters than one request holds all arrive', async () => {
    const stream = randomUUID();
    const letters = Array.from({ length: 5_000 }, (_, offset) =>
      letter(stream, offset, { value: Buffer.alloc(500) }),
    );
    const read = await sent(stream, letters);
    expect(new Set(read.map(({ headers }) => headers['tidemark-offset'])).size).toBe(5_000);
  });

  test('a letter beyond the limit of the broker arrives truncated, with its neighbours whole', async () => {
    const stream = randomUUID();
    const read = await sent(stream, [
      letter(stream, 1),
      letter(stream, 2, { value: Buffer.alloc(10_000_000, 'x') }),
      letter(stream, 3, {
        key: Buffer.alloc(2_000_000, 'k'),
        headers: [{ key: 'large', value: Buffer.alloc(2_000_000) }],
      }),
      letter(stream, 4, { value: Buffer.alloc(40_000_000, 'x') }),
      letter(stream, 5),
    ]);
    const byOffset = new Map(read.map((record) => [record.headers['tidemark-offset'], record]));
    expect(byOffset.get('1')?.headers).not.toHaveProperty('tidemark-truncated');
    expect(byOffset.get('2')?.headers['tidemark-truncated']).toBe('true');
    expect(byOffset.get('2')?.value).toBe('x'.repeat(262_144));
    expect(byOffset.get('3')?.headers['tidemark-truncated']).toBe('true');
    expect(byOffset.get('4')?.value).toBe('x'.repeat(262_144));
    expect(byOffset.get('5')?.headers).not.toHaveProperty('tidemark-truncated');
  });
});
