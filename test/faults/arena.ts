/**
 * Where one scenario plays. In: servers. Out: a load on a topic of its own, processors that reach the
 * servers through bad networks, and in the end a verdict: is every table what the log says it has to be?
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readNewestRules } from '../../src/warehouse/rules-store.ts';
import { randomOf } from '../integration/events.ts';
import type { Processor } from '../integration/run-process.ts';
import { PATIENCE_MS } from '../integration/run-process.ts';
import { freshWorld } from '../integration/world.ts';
import type { KafkaSide, World } from '../integration/world.ts';
import { eventually } from '../support/eventually.ts';
import type { ClickHouseSide } from './clickhouse-side.ts';
import { differences } from './expected.ts';
import { startLoad } from './load.ts';
import type { Load } from './load.ts';
import { LogHistory } from './log-history.ts';
import { openProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';
import { readMessages } from './read-log.ts';

export interface ArenaOptions {
  readonly kafka: KafkaSide;
  readonly clickhouse: ClickHouseSide;
  readonly seed: number;
  readonly records: number;
  /** Records a second. */
  readonly rate: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Recovery {
  readonly from: string;
  readonly ms: number;
}

export interface Arena extends AsyncDisposable {
  readonly kafka: KafkaSide;
  readonly clickhouse: ClickHouseSide;
  readonly world: World;
  readonly load: Load;
  readonly history: LogHistory;
  readonly toKafka: Proxy;
  readonly toClickHouse: Proxy;
  /** From 0 to 1, by the seed. */
  readonly random: () => number;
  readonly recoveries: readonly Recovery[];
  /** What else is worth telling. */
  readonly notes: string[];
  run(settings?: Readonly<Record<string, string>>): Promise<Processor>;
  /** Waits, as the seed says, between the two. Milliseconds. */
  anyMoment(least: number, most: number): Promise<void>;
  /** How many records are stored, over all partitions. */
  stored(): Promise<number>;
  /** Waits until more is stored than when it was called, or all is; how long that took is kept. */
  goesOn(from: string): Promise<void>;
  /** Waits for the load and until all of it is stored, and holds the tables against the log. */
  judge(): Promise<string[]>;
}

const PARTITIONS = 4;
export const SESSION_TIMEOUT_MS = 3_000;

/** Much happens in little time: small fetches and writes, and a cache that does not hold everything. */
const SMALL_STEPS = {
  KAFKA_FETCH_BYTES_PER_PARTITION: '65536',
  MAX_PENDING_ROWS: '1000',
  MAX_CACHED_USER_DAYS: '1000',
  KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
  LOG_LEVEL: 'warn',
};

export async function openArena(options: ArenaOptions): Promise<Arena> {
  const { kafka, clickhouse, seed, records, rate } = options;
  const topic = await kafka.topic({ partitions: PARTITIONS });
  const { port } = new URL(`tcp://${kafka.broker.brokers[0]}`);
  const toKafka = await openProxy(Number(port));
  const toClickHouse = await openProxy(clickhouse.port);
  const world = await freshWorld({
    kafka,
    clickhouse: clickhouse.url,
    through: `http://127.0.0.1:${toClickHouse.port}`,
    topic,
    settings: {
      ...SMALL_STEPS,
      KAFKA_BROKERS: `127.0.0.1:${toKafka.port}`,
      ...options.settings,
    },
  });
  const { brokers } = kafka.broker;
  const load = await startLoad({ brokers, topic, seed, records, rate, partitions: PARTITIONS });
  const history = new LogHistory(kafka, topic);
  const random = randomOf(seed);
  const recoveries: Recovery[] = [];

  const stored = async () => {
    const [sum] = await world.rows<{ stored: number }>(
      'SELECT sum(next_offset) AS stored FROM source_progress',
    );
    return sum!.stored;
  };
  // The brokers may be on their way back.
  const sent = () =>
    kafka.admin.fetchTopicOffsets(topic).then(
      (offsets) => offsets.reduce((sum, { high }) => sum + Number(high), 0),
      () => Infinity,
    );
  return {
    kafka,
    clickhouse,
    world,
    load,
    history,
    toKafka,
    toClickHouse,
    random,
    recoveries,
    notes: [],
    run: (settings) => world.run(settings),
    anyMoment: (least, most) => sleep(least + random() * (most - least)),
    stored,
    async goesOn(from) {
      const before = await stored();
      const started = performance.now();
      await eventually(
        `it goes on from where it was (${before}) after ${from}`,
        async () => {
          const now = await stored();
          return now > before || now === (await sent());
        },
        PATIENCE_MS,
      );
      recoveries.push({ from, ms: performance.now() - started });
    },
    async judge() {
      await load.done;
      const started = performance.now();
      await world.caughtUp();
      recoveries.push({
        from: 'the end of the load to the last record',
        ms: performance.now() - started,
      });
      await history.look();
      const rules = await readNewestRules(world.client);
      if (rules === undefined) return ['no rules are recorded'];
      const wrong = await differences(world.client, history.logs(), rules);
      return [...wrong, ...(await lostLetters(world, kafka))];
    },
    async [Symbol.asyncDispose]() {
      for (const one of [load, world, toClickHouse, toKafka]) await one[Symbol.asyncDispose]();
    },
  };
}

/** Whatever was refused is in the dead-letter topic, once at least. */
async function lostLetters(world: World, kafka: KafkaSide): Promise<string[]> {
  const refused = await world.rows<{ place: string }>(
    "SELECT concat(source, ':', toString(offset)) AS place FROM rejected_events",
  );
  if (refused.length === 0) return [];
  const partitions = await readMessages(kafka, `${world.topic}-dead-letters`);
  const sent = new Set(
    partitions.flatMap(({ records }) =>
      records.map(({ headers = {} }) =>
        [headers['tidemark-source'], headers['tidemark-offset']].map(String).join(':'),
      ),
    ),
  );
  const lost = refused.filter(({ place }) => !sent.has(place));
  return lost.map(({ place }) => `the dead letter of ${place} is missing`).slice(0, 3);
}
