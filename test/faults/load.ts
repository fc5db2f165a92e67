/**
 * In: a topic and a seed. Out: realistic traffic with every kind of defect, sent at a rate while other
 * things happen. A send that fails is repeated until it is acknowledged, so the log may hold it twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, Partitioners } from '../support/plain-kafkajs.ts';
import type { Message } from 'kafkajs';
import { murmur2 } from '../../src/sources/kafka/murmur2.ts';
import { Traffic, TrafficEncoder } from '../../src/traffic/traffic.ts';
import { at } from '../integration/events.ts';
import { eventually } from '../support/eventually.ts';
import { SCHEMA_ID } from './log-record.ts';

export interface LoadOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly seed: number;
  readonly records: number;
  /** Records a second. */
  readonly rate: number;
  readonly partitions: number;
}

export interface Load extends AsyncDisposable {
  readonly partitions: number;
  readonly sent: number;
  /** Resolves when all is acknowledged. */
  readonly done: Promise<void>;
  /** Sends nothing until `resume`; resolves when nothing is under way. */
  pause(): Promise<void>;
  resume(): void;
  /** From here on the records are spread over so many. Not while it is under way. */
  spreadOver(partitions: number): Promise<void>;
}

const SENDS_PER_SECOND = 20;
/** So long a broker may be away. */
const PATIENCE_MS = 60_000;

export async function startLoad(options: LoadOptions): Promise<Load> {
  const { brokers, topic, seed, records, rate } = options;
  const kafka = new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const createProducer = () =>
    kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  let producer = createProducer();
  await producer.connect();
  let { partitions } = options;
  const traffic = new Traffic({
    seed,
    size: { records },
    days: 8,
    until: at('2026-03-09T00:00:00Z'),
    rates: { duplicates: 0.03, late: 0.01, future: 0.005, invalid: 0.02, outOfOrder: 0.05 },
    partitions,
    rules: { timezone: 'UTC', lookbackDays: 2 },
  });
  const stop = new AbortController();
  let gate: Promise<void> | undefined;
  let open: () => void = () => {};
  let sending: Promise<void> = Promise.resolve();
  let sent = 0;

  async function send(messages: Message[]): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      stop.signal.throwIfAborted();
      try {
        await producer.send({ topic, messages });
        sent += messages.length;
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(50);
      }
    }
  }

  async function sendAll(): Promise<void> {
    const encoder = new TrafficEncoder(SCHEMA_ID);
    const atATime = Math.ceil(rate / SENDS_PER_SECOND);
    let messages: Message[] = [];
    for (const record of traffic) {
      const { key } = record;
      const partition = (murmur2(key) & 0x7fff_ffff) % partitions;
      const value = encoder.value(record);
      messages.push({ key, value, partition });
      if (messages.length < atATime) continue;
      await gate;
      sending = send(messages);
      await sending;
      messages = [];
      await sleep(1_000 / SENDS_PER_SECOND, undefined, { signal: stop.signal });
    }
    if (messages.length > 0) await send(messages);
  }

  const load: Load = {
    get partitions() {
      return partitions;
    },
    get sent() {
      return sent;
    },
    get done() {
      return done;
    },
    async pause() {
      gate ??= new Promise((resolve) => {
        open = () => {
          gate = undefined;
          resolve();
        };
      });
      await sending;
    },
    resume: () => open(),
    async spreadOver(more) {
      await producer.disconnect();
      // A producer drops what is for partitions that it has not heard of.
      producer = createProducer();
      await producer.connect();
      partitions = more;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      open();
      await done.catch(() => {});
      await producer.disconnect();
    },
  };
  const done = sendAll();
  // Whoever waits for it gets the error; a scenario that fails before does not wait.
  done.catch(() => {});
  return load;
}

/** So that there is something to come, however slow the machine is. */
export async function pausedEarly(load: Load): Promise<void> {
  await eventually('something is sent', () => load.sent > 1_000);
  await load.pause();
}
