import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKafka } from '../../src/sources/kafka/kafka-client.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin, sharedKafka } from '../support/kafka.ts';
import type { RealKafka } from '../support/kafka.ts';
import { readTopic } from './read-topic.ts';
import { start, tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const EVENT = avro.Type.forSchema(
  JSON.parse(
    readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8'),
  ) as avro.Schema,
);

describe.skipIf(kafkaOrigin() === undefined)(
  'produce to a real Kafka',
  { timeout: 120_000 },
  () => {
    let kafka: RealKafka;
    let folder: string;

    beforeAll(async () => {
      kafka = await sharedKafka();
      folder = await mkdtemp(join(tmpdir(), 'tidemark-produce-'));
    });
    afterAll(async () => {
      await kafka[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const environment = (topic: string) => ({
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_TOPIC_APP_EVENTS: topic,
    });
    const client = () => createKafka({ brokers: kafka.brokers }, pino({ level: 'silent' }));

    async function topics(): Promise<string[]> {
      const admin = client().admin();
      await admin.connect();
      const names = await admin.listTopics();
      await admin.disconnect();
      return names;
    }

    async function partitionsOf(topic: string): Promise<number> {
      const admin = client().admin();
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      await admin.disconnect();
      return topics[0]!.partitions.length;
    }

    test('every row of a file arrives once, keyed by its user, with the id of its schema', async () => {
      const topic = `events-${randomUUID()}`;
      const argv = ['produce', FIXTURE, '--stream', 'app-events', '--map', MAPPING];
      const { status, stdout, stderr } = await tidemark(
        [...argv, '--partitions', '3', '--json'],
        environment(topic),
      );
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        topic,
        rows_read: 200,
        sent: 200,
        not_encodable: 0,
        reasons: {},
      });
      expect(stderr).toContain(`created topic ${topic} with 3 partitions`);
      expect(await partitionsOf(topic)).toBe(3);
      const records = (await readTopic(client(), topic, 200)).map(({ key, value }) => ({
        key: key?.toString(),
        schema: value.readUIntBE(0, 5),
        event: EVENT.fromBuffer(value.subarray(5)) as Record<string, unknown>,
      }));
      expect(new Set(records.map(({ event }) => event['event_id'])).size).toBe(200);
      expect(records.every(({ key, event }) => key === event['user_id'])).toBe(true);
      expect(records.every(({ schema }) => schema === 1)).toBe(true);
      const id = '5c357e7e-2b8d-4a59-ae41-816f8e5f45d6';
      expect({ ...records.find(({ event }) => event['event_id'] === id)?.event }).toMatchObject({
        event_type: 'checkout',
        event_time: Date.UTC(2021, 1, 11, 23, 30, 33) * 1000,
        producer_session_id: 'a646b9aa-0044-4fbd-8bae-a1018f5d4ace',
        product_id: null,
      });
    });

    test('breaches of rules are sent, what Avro cannot hold is counted by reason', async () => {
      const topic = `events-${randomUUID()}`;
      const file = join(folder, 'broken.csv');
      await writeFile(
        file,
        'event_id,user_id,event_type,event_time,miles_amount\n' +
          'e1,u1,page_view,2021-01-01,\n' +
          'e2,,NOT SNAKE,9999-12-31T23:59:59.999999Z,-1\n' +
          'e3,u1,page_view,yesterday,\n' +
          'e4,u1,page_view\n' +
          'e5,u1,page_view,2021-01-01,1.5\n',
      );
      const { status, stdout, stderr } = await tidemark(
        ['produce', file, '--stream', 'app-events', '--json'],
        environment(topic),
      );
      expect(JSON.parse(stdout)).toMatchObject({
        rows_read: 5,
        sent: 2,
        not_encodable: 3,
        reasons: { event_time_malformed: 1, miles_amount_malformed: 1, wrong_number_of_cells: 1 },
      });
      expect(stderr).toContain(
        `${file}, row 3: event_time_malformed: event_time takes a time such as`,
      );
      expect(status).toBe(0);
    });

    test('a record that the brokers refuse as too large is counted, its neighbours are sent', async () => {
      const topic = `events-${randomUUID()}`;
      const file = join(folder, 'large.ndjson');
      const event = (id: string, feature: string) =>
        JSON.stringify({
          event_id: id,
          user_id: 'u',
          event_type: 't',
          event_time: '2021-01-01',
          feature,
        });
      await writeFile(
        file,
        [event('a', 'x'), event('b', 'x'.repeat(2_000_000)), event('c', 'x')].join('\n'),
      );
      const { stdout } = await tidemark(
        ['produce', file, '--stream', 'app-events', '--json'],
        environment(topic),
      );
      expect(JSON.parse(stdout)).toMatchObject({
        rows_read: 3,
        sent: 2,
        reasons: { too_large_for_broker: 1 },
      });
    });

    test('Ctrl-C ends with 130 and says how much was sent', async () => {
      const topic = `events-${randomUUID()}`;
      const argv = ['produce', FIXTURE, '--stream', 'app-events', '--map', MAPPING, '--rate', '10'];
      const running = start(argv, environment(topic));
      await eventually('the topic is there', async () => (await topics()).includes(topic), 60_000);
      await readTopic(client(), topic, 2);
      running.process.kill('SIGINT');
      const { status, stderr } = await running.ended;
      expect(stderr).toMatch(/\d+ records were sent to .* before it stopped/);
      expect(status).toBe(130);
    });

    test('status shows the lag of sources that Kafka has, and that there is none without sources', async () => {
      const { status, stdout } = await tidemark(
        ['status', '--data-dir', join(folder, 'data'), '--json'],
        environment('none'),
      );
      expect(JSON.parse(stdout)).toMatchObject({ sources: [], kafka: 'reached' });
      expect(status).toBe(0);
    });
  },
);
