/**
 * Topics and a factory of processors in; a running consumer out, which keeps one processor per
 * assigned partition fed from where that processor says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { GroupSession } from './group-session.ts';
import type { GroupSettings } from './group-session.ts';
import { LogBoundsReader } from './log-bounds.ts';
import type { PartitionProcessorFactory } from './partition-processor.ts';
import type { PartitionProgress } from './partition-reader.ts';
import { DEFAULT_MAX_BATCH_BYTES } from './record-batch.ts';

export interface KafkaConsumerOptions {
  /** From `createKafka`. */
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly createProcessor: PartitionProcessorFactory;
  /** After so long without a heartbeat the group gives the partitions to others. Default 10,000 ms. */
  readonly sessionTimeoutMs?: number;
  /** How long the group waits for its members to join again. Default 60,000 ms. */
  readonly rebalanceTimeoutMs?: number;
  /** Bytes that one fetch brings of one partition. Default 8 MiB. */
  readonly maxBytesPerPartition?: number;
  /** Bytes that one fetch brings in all. Default 64 MiB. */
  readonly maxBytes?: number;
  /** How long a broker may wait for `minBytes`. Default 100 ms. */
  readonly maxWaitMs?: number;
  /** Default 1. */
  readonly minBytes?: number;
  /** Bytes that one Kafka batch may have after decompression. Default 64 MiB. */
  readonly maxBatchBytes?: number;
  /** After so long new partitions are looked for. Default 30,000 ms. */
  readonly metadataMaxAgeMs?: number;
  /** How long a stop waits for what was read to be stored. Default 30,000 ms. */
  readonly stopWithinMs?: number;
}

export interface RunningConsumer {
  /** Reads no further, waits until all that was read is stored, commits, and leaves the group. */
  settleAndStop(): Promise<void>;
  /** One entry per assigned partition. */
  lag(): readonly PartitionProgress[];
  /** Topics that do not exist yet; they are joined within seconds when they appear. */
  missingTopics(): readonly string[];
  /** Rejects when the consumer has given up for good; never resolves. */
  readonly failed: Promise<never>;
}

const REFRESH_ENDS_MS = 5_000;
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 1_000;
/** Where there are some topics, the others may never come. */
const LONGEST_LOOK_FOR_MORE_MS = 3_000;

/** Rejects when no broker can be reached at the start; later it waits for them to come back. */
export async function runKafkaConsumer(options: KafkaConsumerOptions): Promise<RunningConsumer> {
  const consumer = new TopicWaitingConsumer(options);
  await consumer.start();
  return consumer;
}

class TopicWaitingConsumer implements RunningConsumer {
  readonly failed: Promise<never>;
  readonly #topics: readonly string[];
  readonly #settings: GroupSettings;
  readonly #stopWithinMs: number;
  readonly #bounds: LogBoundsReader;
  readonly #stopping = new AbortController();
  #fail: (error: unknown) => void = () => {};
  #session: GroupSession | undefined;
  #missing: readonly string[] = [];
  #looking: Promise<void> = Promise.resolve();
  #refreshing: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: KafkaConsumerOptions) {
    const sessionTimeoutMs = options.sessionTimeoutMs ?? 10_000;
    this.#topics = options.topics;
    this.#stopWithinMs = options.stopWithinMs ?? 30_000;
    this.#bounds = new LogBoundsReader(options.kafka);
    this.#settings = {
      kafka: options.kafka,
      logger: options.logger,
      groupId: options.groupId,
      createProcessor: options.createProcessor,
      sessionTimeoutMs,
      rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? Math.max(60_000, sessionTimeoutMs),
      maxBytesPerPartition: options.maxBytesPerPartition ?? 8 * 2 ** 20,
      maxBytes: options.maxBytes ?? 64 * 2 ** 20,
      maxWaitMs: options.maxWaitMs ?? 100,
      minBytes: options.minBytes ?? 1,
      maxBatchBytes: options.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES,
      metadataMaxAgeMs: options.metadataMaxAgeMs ?? 30_000,
    };
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  async start(): Promise<void> {
    try {
      await this.#join();
    } catch (error) {
      await this.#bounds.close();
      throw error;
    }
    if (this.#missing.length > 0) this.#looking = this.#lookForMissing();
    this.#refreshing = this.#refreshEnds();
  }

  lag(): readonly PartitionProgress[] {
    return this.#session?.progress ?? [];
  }

  missingTopics(): readonly string[] {
    return this.#missing;
  }

  settleAndStop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    // Joining a group takes as long as its slowest member: who has to end does not wait for that.
    await Promise.race([this.#looking, sleep(this.#stopWithinMs, undefined, { ref: false })]);
    await this.#session?.stop(this.#stopWithinMs);
    await this.#refreshing;
    await this.#bounds.close();
  }

  /** Subscribes to the topics that exist. */
  async #join(): Promise<void> {
    const all = new Set(await this.#bounds.topics());
    const existing = this.#topics.filter((topic) => all.has(topic));
    const missing = this.#topics.filter((topic) => !all.has(topic));
    if (missing.length > 0 && missing.length !== this.#missing.length) {
      this.#settings.logger.warn({ topics: missing }, 'these topics do not exist yet; waiting');
    }
    this.#missing = missing;
    const isNew = existing.length > (this.#session?.topics.length ?? 0);
    if (!isNew || this.#stopping.signal.aborted) return;
    // kafkajs cannot subscribe to more while it runs.
    await this.#session?.stop(this.#stopWithinMs);
    const session = new GroupSession(this.#settings, this.#bounds, existing, this.#fail);
    this.#session = session;
    try {
      await session.start();
    } catch (error) {
      this.#session = undefined;
      await session.stop(0);
      throw error;
    }
  }

  async #lookForMissing(): Promise<void> {
    const { signal } = this.#stopping;
    for (let wait = FIRST_LOOK_MS; ; wait *= 2) {
      const longest = this.#session === undefined ? LONGEST_LOOK_MS : LONGEST_LOOK_FOR_MORE_MS;
      wait = Math.min(wait, longest);
      await sleep(wait, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#join();
        if (this.#missing.length === 0) return;
      } catch (error) {
        this.#settings.logger.warn({ err: error }, 'looking for missing topics failed');
      }
    }
  }

  /** A fetch tells where a log ends, but only when it brings something. */
  async #refreshEnds(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(REFRESH_ENDS_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#session?.refreshEnds();
      } catch (error) {
        this.#settings.logger.debug({ err: error }, 'the ends of the logs are not known');
      }
    }
  }
}
