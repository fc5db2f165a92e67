/** Whatever a topic may hold: each record ends where its outcome says, with its bytes, and all are counted. */
import { createHash } from 'node:crypto';
import { CompressionTypes, Kafka, logLevel } from '../support/plain-kafkajs.ts';
import type { KafkaMessage, Message } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { varint } from '../support/kafka-batches.ts';
import { kafkaOrigin } from '../support/kafka.ts';
import { at, encoded, message } from './events.ts';
import type { AppEvent } from './events.ts';
import type { KafkaSide } from './world.ts';
import { PATIENCE_MS } from './run-process.ts';
import { freshWorld, kafkaSide } from './world.ts';

const MIB = 2 ** 20;

describe.skipIf(kafkaOrigin() === undefined)('bad input', { timeout: 90_000 }, () => {
  let kafka: KafkaSide;
  let clickhouse: TestClickHouse;

  beforeAll(async () => {
    [kafka, clickhouse] = await Promise.all([kafkaSide(), testClickHouse()]);
  });
  afterAll(async () => {
    await clickhouse.close();
    await kafka[Symbol.asyncDispose]();
  });

  test('each kind is refused with its reason, bytes and headers, and the good ones between are accepted', async () => {
    const topic = await kafka.topic({
      partitions: 1,
      config: { 'max.message.bytes': String(20 * MIB) },
    });
    await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
    for (const [i, { value }] of REFUSED.entries()) {
      const key = `key-${i}`;
      await kafka.send(topic, [good(), { key, value, headers: { trace: `trace-${i}` } }]);
    }
    await kafka.send(topic, [
      { ...good(), key: null },
      { key: null, value: 'no key, no event' },
    ]);
    await kafka.send(topic, [good({ properties: { large: 'x'.repeat(10 * MIB) } })]);
    await kafka.producer.send({
      topic,
      compression: CompressionTypes.GZIP,
      messages: [{ key: 'bomb', value: Buffer.alloc(70 * MIB) }],
    });
    await kafka.send(topic, [good()]);
    const refusals = REFUSED.length + 2;
    const acceptances = REFUSED.length + 3;

    await world.run();
    await world.caughtUp();
    expect(await world.counts()).toEqual({
      accepted: acceptances,
      duplicate: 0,
      late: 0,
      future: 1,
      invalid: refusals - 1,
      skipped: 0,
    });
    const [{ next_offset: records }] = (await world.rows<{ next_offset: number }>(
      'SELECT next_offset FROM source_progress',
    )) as [{ next_offset: number }];
    expect(records).toBe(acceptances + refusals);

    const refused = await world.rows<RefusedRow>(`
      SELECT source, offset, outcome, reason, key, hex(MD5(ifNull(bytes, ''))) AS md5, isNull(bytes) AS tombstone
      FROM rejected_events
      ORDER BY offset`);
    const wanted = REFUSED.map(({ outcome = 'invalid', reason, value }, i) => ({
      source: `${topic}/0`,
      offset: 2 * i + 1,
      outcome,
      reason,
      key: `key-${i}`,
      md5: md5(value ?? ''),
      tombstone: value === null ? 1 : 0,
    }));
    expect(refused.slice(0, REFUSED.length)).toEqual(wanted);
    expect(refused.slice(REFUSED.length)).toMatchObject([
      { reason: 'not_confluent_avro', key: null, md5: md5('no key, no event') },
      { reason: 'batch_too_large', offset: records - 2 },
    ]);
    const fields = await world.rows<{ fields: string }>(
      "SELECT fields FROM rejected_events WHERE outcome = 'future'",
    );
    expect(JSON.parse(fields[0]!.fields)).toMatchObject({ user_id: 'ana' });
    expect(
      await world.rows("SELECT max(length(properties['large'])) AS length FROM events"),
    ).toEqual([{ length: 10 * MIB }]);

    const letters = await deadLetters(`${topic}-dead-letters`, refusals);
    const byOffset = new Map(letters.map((letter) => [header(letter, 'tidemark-offset'), letter]));
    expect(byOffset.size).toBe(refusals);
    for (const [i, { reason, outcome = 'invalid', value }] of REFUSED.entries()) {
      const letter = byOffset.get(String(2 * i + 1))!;
      expect(header(letter, 'tidemark-reason')).toBe(reason);
      expect(header(letter, 'tidemark-outcome')).toBe(outcome);
      expect(header(letter, 'tidemark-source')).toBe(`${topic}/0`);
      expect(header(letter, 'trace')).toBe(`trace-${i}`);
      expect(letter.key?.toString()).toBe(`key-${i}`);
      if (value !== null && value.length > MIB) {
        expect(header(letter, 'tidemark-truncated')).toBe('true');
        expect(value.subarray(0, letter.value!.length).equals(letter.value!)).toBe(true);
      } else {
        expect(letter.value?.toString('hex')).toBe(value?.toString('hex'));
      }
    }
  });

  test('ten years of events in one batch are accepted, and stored once each', async () => {
    const topic = await kafka.topic({ partitions: 1 });
    await using world = await freshWorld({ kafka, clickhouse: clickhouse.url, topic });
    const days = 3_650;
    await kafka.producer.send({
      topic,
      messages: Array.from({ length: days }, (_, day) =>
        good({ event_time: at('2016-01-01T12:00:00Z') + day * 86_400_000_000 }),
      ),
    });
    await world.run();
    await world.caughtUp();
    expect(await world.counts()).toMatchObject({ accepted: days, invalid: 0, late: 0 });
    expect(
      await world.rows(
        'SELECT count() AS days, sum(events) AS events, uniqExact(event_date) AS dates FROM user_days',
      ),
    ).toEqual([{ days, events: days, dates: days }]);
  });

  async function deadLetters(topic: string, count: number): Promise<KafkaMessage[]> {
    const brokers = [...kafka.broker.brokers];
    const consumer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({
      groupId: `reader-of-${topic}`,
    });
    const letters: KafkaMessage[] = [];
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage: ({ message: letter }) => {
          letters.push(letter);
          return Promise.resolve();
        },
      });
      await eventually(`${count} dead letters`, () => letters.length >= count, PATIENCE_MS);
    } finally {
      await consumer.disconnect();
    }
    return letters;
  }
});

interface RefusedRow {
  readonly source: string;
  readonly offset: number;
  readonly outcome: string;
  readonly reason: string;
  readonly key: string | null;
  readonly md5: string;
  readonly tombstone: number;
}

interface Refused {
  readonly reason: string;
  readonly outcome?: string;
  readonly value: Buffer | null;
}

let numbered = 0;

function event(fields: Partial<AppEvent> = {}): AppEvent {
  return {
    event_id: `event-${numbered++}`,
    user_id: 'ana',
    event_type: 'page_view',
    event_time: at('2026-03-01T08:00:00Z') + numbered * 1_000_000,
    ...fields,
  };
}

function good(fields: Partial<AppEvent> = {}): Message {
  return message(event(fields));
}

const whole = () => encoded(event());

const REFUSED: readonly Refused[] = [
  { reason: 'empty_value', value: Buffer.alloc(0) },
  { reason: 'empty_value', value: null },
  { reason: 'not_confluent_avro', value: Buffer.concat([Buffer.from([1]), whole().subarray(1)]) },
  { reason: 'unknown_schema_id', value: Buffer.from('00000003e700', 'hex') },
  { reason: 'truncated', value: whole().subarray(0, -3) },
  { reason: 'trailing_bytes', value: Buffer.concat([whole(), Buffer.from([0])]) },
  { reason: 'trailing_bytes', value: Buffer.concat([whole(), Buffer.alloc(10 * MIB)]) },
  { reason: 'invalid_utf8', value: notUtf8() },
  { reason: 'time_out_of_range', value: encoded(event({ event_time: 0 })) },
  { reason: 'time_out_of_range', value: encoded(event({ event_time: at('2200-01-01') })) },
  { reason: 'number_out_of_range', value: inYear9999() },
  { reason: 'miles_unexpected', value: encoded(event({ miles_amount: 5 })) },
  {
    reason: 'future_event',
    outcome: 'future',
    value: encoded(event({ event_time: (Date.now() + 3_600_000) * 1000 })),
  },
];

function notUtf8(): Buffer {
  const user_id = 'QQ';
  return replaced(encoded(event({ user_id })), Buffer.from(user_id), Buffer.from('ff41', 'hex'));
}

/** Avro's library for JavaScript does not write numbers beyond 2^53, others do. */
function inYear9999(): Buffer {
  const event_time = at('2026-03-01T08:00:00Z');
  const far = at('9999-12-31T00:00:00Z');
  return replaced(encoded(event({ event_time })), varint(event_time), varint(far));
}

function replaced(bytes: Buffer, old: Buffer, other: Buffer): Buffer {
  return Buffer.from(
    bytes.toString('hex').replace(old.toString('hex'), other.toString('hex')),
    'hex',
  );
}

function md5(bytes: Buffer | string): string {
  return createHash('md5').update(bytes).digest('hex').toUpperCase();
}

function header({ headers }: KafkaMessage, name: string): string | undefined {
  return headers?.[name]?.toString();
}
