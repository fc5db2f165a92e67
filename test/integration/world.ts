/**
 * Out: real servers for one test file, and for each test a world of its own in them: a topic, a
 * consumer group, a database, and processes of `tidemark run`.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { Kafka, logLevel, Partitioners } from '../support/plain-kafkajs.ts';
import type { Admin, Message, Producer } from 'kafkajs';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { giveBack, takeDatabase } from '../support/database-pool.ts';
import { eventually } from '../support/eventually.ts';
import { sharedKafka } from '../support/kafka.ts';
import type { RealKafka } from '../support/kafka.ts';
import type { Processor } from './run-process.ts';
import { PATIENCE_MS, startProcessor } from './run-process.ts';

export interface KafkaSide extends AsyncDisposable {
  readonly broker: RealKafka;
  readonly admin: Admin;
  readonly producer: Producer;
  /** Creates a topic; resolves with its name. */
  topic(options?: {
    name?: string;
    partitions?: number;
    config?: Record<string, string>;
  }): Promise<string>;
  send(topic: string, messages: Message[]): Promise<void>;
}

export async function kafkaSide(open: () => Promise<RealKafka> = sharedKafka): Promise<KafkaSide> {
  const broker = await open();
  const kafka = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await Promise.all([admin.connect(), producer.connect()]);
  return {
    broker,
    admin,
    producer,
    async topic({ name = `events-${randomUUID()}`, partitions = 4, config = {} } = {}) {
      const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
      await admin.createTopics({
        // kafkajs would give up where the same name was deleted a moment ago.
        waitForLeaders: false,
        topics: [{ topic: name, numPartitions: partitions, configEntries }],
      });
      await eventually(`the topic ${name} has leaders`, () =>
        admin.fetchTopicOffsets(name).then(
          (offsets) => offsets.length === partitions,
          () => false,
        ),
      );
      return name;
    },
    async send(topic, messages) {
      for (let i = 0; i < messages.length; i += 5_000) {
        await producer.send({ topic, messages: messages.slice(i, i + 5_000) });
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
      await broker[Symbol.asyncDispose]();
    },
  };
}

export interface World extends AsyncDisposable {
  readonly topic: string;
  readonly group: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly client: ClickHouseClient;
  /** Starts a processor. What is still running when the world ends is killed. */
  run(settings?: Readonly<Record<string, string>>): Promise<Processor>;
  /** Resolves when every record of the topic is stored. */
  caughtUp(): Promise<void>;
  rows<T = Record<string, unknown>>(query: string): Promise<T[]>;
  /** What was stored, without the times of storing it. */
  tables(): Promise<Tables>;
  /** The same in two numbers by table: how many rows, and a hash of them. */
  digests(): Promise<Readonly<Record<string, Digest>>>;
  /** The sums of the progress lines of all sources. */
  counts(): Promise<Counts>;
  /** Per partition, where the lines are, and where the group's committed offsets are. */
  positions(): Promise<{ lines: Positions; committed: Positions }>;
}

export type Positions = Readonly<Record<string, number>>;
export type Tables = Readonly<Record<string, readonly unknown[]>>;
export interface Digest {
  readonly rows: number;
  readonly hash: string;
}
export type Counts = Readonly<
  Record<'accepted' | 'duplicate' | 'late' | 'future' | 'invalid' | 'skipped', number>
>;

export interface WorldOptions {
  readonly kafka: KafkaSide;
  /** URL of a ClickHouse server. */
  readonly clickhouse: string;
  readonly topic: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** What processors connect to in place of the server. */
  readonly through?: string;
}

export async function freshWorld(options: WorldOptions): Promise<World> {
  const { kafka, topic } = options;
  const group = randomUUID();
  const server = new URL('/', options.clickhouse).href;
  const database = await takeDatabase(server);
  const client = openClickHouse({ url: database.url });
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-world-'));
  const environment = {
    TIDEMARK_DATA_DIR: dataDir,
    CLICKHOUSE_URL: new URL(`/${database.name}`, options.through ?? server).href,
    KAFKA_BROKERS: kafka.broker.brokers.join(','),
    KAFKA_TOPIC_APP_EVENTS: topic,
    KAFKA_GROUP_ID: group,
    // Nobody here asks for marts, and to refresh them is most of the work of a small database.
    REFRESH_INTERVAL_SECONDS: '86400',
    ...options.settings,
  };
  const processors: Processor[] = [];
  const rows = async <T>(query: string): Promise<T[]> => {
    const result = await client.query({
      query,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    });
    return result.json<T>();
  };
  const ends = async () => {
    const offsets = await kafka.admin.fetchTopicOffsets(topic);
    return Object.fromEntries(offsets.map(({ partition, high }) => [partition, Number(high)]));
  };
  const lines = async () => {
    const stored = await rows<{ partition: string; next: number }>(LINES);
    return Object.fromEntries(stored.map(({ partition, next }) => [partition, next]));
  };
  return {
    topic,
    group,
    environment,
    client,
    rows,
    async run(settings = {}) {
      const processor = await startProcessor({ ...environment, ...settings });
      processors.push(processor);
      return processor;
    },
    caughtUp: () =>
      eventually(
        'every record is stored',
        async () => {
          const [wanted, stored] = await Promise.all([ends(), lines()]);
          return Object.entries(wanted).every(
            ([partition, end]) => (stored[partition] ?? 0) === end,
          );
        },
        PATIENCE_MS,
      ),
    async tables() {
      const read = Object.entries(TABLES).map(async ([name, query]) => [name, await rows(query)]);
      return Object.fromEntries(await Promise.all(read)) as Tables;
    },
    async digests() {
      const read = Object.entries(TABLES).map(async ([name, query]) => {
        const [digest] = await rows<Digest>(
          `SELECT count() AS rows, toString(sum(cityHash64(toString(tuple(*))))) AS hash FROM (${query})`,
        );
        return [name, digest!] as const;
      });
      return Object.fromEntries(await Promise.all(read));
    },
    async counts() {
      const [counts] = await rows<Counts>(COUNTS);
      return counts!;
    },
    async positions() {
      const offsets = await kafka.admin.fetchOffsets({ groupId: group, topics: [topic] });
      const committed = offsets[0]!.partitions
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset }) => [partition, Number(offset)]);
      return { lines: await lines(), committed: Object.fromEntries(committed) as Positions };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processors.map((processor) => processor.kill9()));
      await client.close();
      giveBack(server, database);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The newest log under each name. */
const LINES = `
SELECT
    extract(source, '/(\\d+)') AS partition,
    argMax(next_offset, length(source) * 1000 + toUInt32OrZero(extract(source, '@(\\d+)'))) AS next
FROM source_progress
GROUP BY partition`;

const COUNTS = `
SELECT
    sum(accepted) AS accepted,
    sum(duplicate) AS duplicate,
    sum(late) AS late,
    sum(future) AS future,
    sum(invalid) AS invalid,
    sum(skipped) AS skipped
FROM source_progress`;

const TABLES = {
  events: 'SELECT * EXCEPT (ingested_at) FROM events ORDER BY source, offset',
  userDays: 'SELECT * EXCEPT (updated_at) FROM user_days ORDER BY event_date, user_id',
  late: 'SELECT * EXCEPT (ingested_at) FROM late_events ORDER BY source, offset',
  rejected: 'SELECT * EXCEPT (rejected_at) FROM rejected_events ORDER BY source, offset',
  progress: 'SELECT * EXCEPT (updated_at) FROM source_progress ORDER BY source',
};
