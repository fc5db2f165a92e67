/**
 * One membership in a consumer group, for topics that exist. In: the fetches and rebalances of
 * kafkajs. Out: one reader for each partition assigned, and commits of what they stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import { isGhost, ownMark } from './group-mark.ts';
import { assignerWithHooks, batchBytes, fetchedOffset, mustRejoin } from './kafkajs-mends.ts';
import type { LogBoundsReader } from './log-bounds.ts';
import { OffsetCommits } from './offset-commits.ts';
import type { PartitionProcessorFactory } from './partition-processor.ts';
import { PartitionReader } from './partition-reader.ts';
import type { PartitionProgress } from './partition-reader.ts';
import { KafkaRecordBatch } from './record-batch.ts';

export interface GroupSettings {
  readonly kafka: Kafka;
  readonly logger: Logger;
  readonly groupId: string;
  readonly createProcessor: PartitionProcessorFactory;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly maxBytesPerPartition: number;
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBatchBytes: number;
  readonly metadataMaxAgeMs: number;
}

/** Batches of this many partitions may be in work at once; more than any one process is given. */
const MOST_PARTITIONS_AT_ONCE = 256;

export class GroupSession {
  readonly topics: readonly string[];
  readonly #settings: GroupSettings;
  readonly #bounds: LogBoundsReader;
  readonly #consumer: Consumer;
  readonly #commits: OffsetCommits;
  readonly #heartbeatMs: number;
  readonly #onFailure: (error: unknown) => void;
  #readers = new Map<string, PartitionReader>();
  #stopping = false;

  /** `onFailure` is called when kafkajs or a processor gives up for good. */
  constructor(
    settings: GroupSettings,
    bounds: LogBoundsReader,
    topics: readonly string[],
    onFailure: (error: unknown) => void,
  ) {
    this.topics = topics;
    this.#settings = settings;
    this.#bounds = bounds;
    this.#onFailure = onFailure;
    // A member learns of a rebalance by its next heartbeat: often enough for quick hand-overs.
    this.#heartbeatMs = Math.min(1_000, Math.floor(settings.sessionTimeoutMs / 3));
    this.#consumer = settings.kafka.consumer({
      groupId: settings.groupId,
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: settings.rebalanceTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      maxBytesPerPartition: settings.maxBytesPerPartition,
      maxBytes: settings.maxBytes,
      maxWaitTimeInMs: settings.maxWaitMs,
      minBytes: settings.minBytes,
      metadataMaxAge: settings.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      // A crash that ends after a stop would otherwise bring the consumer back to life.
      retry: { restartOnFailure: () => Promise.resolve(!this.#stopping) },
      partitionAssigners: [
        assignerWithHooks({
          mark: ownMark(),
          isGhost,
          beforeJoin: () => this.#release(this.#settings.sessionTimeoutMs / 2),
          offsetOutOfRange: (topic, partition) => {
            this.#readers.get(`${topic}/${partition}`)?.restart('the log does not have the offset');
          },
        }),
      ],
    });
    this.#commits = new OffsetCommits(
      (offsets) => this.#consumer.commitOffsets(offsets),
      settings.logger,
    );
  }

  get progress(): readonly PartitionProgress[] {
    return [...this.#readers.values()].map(({ progress }) => progress);
  }

  async start(): Promise<void> {
    const { GROUP_JOIN, END_BATCH_PROCESS, FETCH, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#assign(payload.memberAssignment));
    this.#consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return;
      this.#readers
        .get(`${payload.topic}/${payload.partition}`)
        ?.skipped(Number(payload.lastOffset) + 1);
    });
    this.#consumer.on(FETCH, ({ timestamp }) => {
      for (const reader of this.#readers.values()) reader.fetched(timestamp);
    });
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart && !this.#stopping) this.#onFailure(payload.error);
    });
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: MOST_PARTITIONS_AT_ONCE,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  /** Stores and commits what was read, for `withinMs` at most, and leaves the group. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    // kafkajs commits nothing once it is stopping, so the last offsets go first.
    await this.#release(withinMs);
    await this.#consumer.disconnect();
  }

  async refreshEnds(): Promise<void> {
    for (const topic of this.topics) {
      const bounds = await this.#bounds.topic(topic);
      for (const reader of this.#readers.values()) {
        const end = bounds.get(reader.log.partition)?.end;
        if (reader.log.topic === topic && end !== undefined) reader.learnEnd(end);
      }
    }
  }

  #assign(assignment: Readonly<Record<string, readonly number[]>>): void {
    const partitions = Object.entries(assignment).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition, name: `${topic}/${partition}` })),
    );
    this.#settings.logger.info(
      { partitions: partitions.map(({ name }) => name) },
      'joined the consumer group',
    );
    const left = [...this.#readers.values()];
    this.#readers = new Map();
    for (const reader of left) void reader.stop();
    for (const { topic, partition } of partitions) this.#pause(topic, partition);
    if (this.#stopping) return;
    for (const log of partitions) {
      const { topic, partition, name } = log;
      const reader = new PartitionReader(
        log,
        this.#settings.createProcessor,
        {
          bounds: () => this.#bounds.partition(topic, partition),
          pause: () => {
            if (this.#readers.get(name) === reader) this.#pause(topic, partition);
          },
          readFrom: (offset) => {
            if (this.#readers.get(name) === reader) this.#readFrom(topic, partition, offset);
          },
          committed: (nextOffset) => {
            if (this.#readers.get(name) === reader) {
              this.#commits.add(topic, partition, nextOffset);
            }
          },
          gaveUp: (error) => this.#onFailure(error),
        },
        this.#settings.logger,
      );
      this.#readers.set(name, reader);
    }
  }

  /** Gives up all partitions: first what was read is stored and committed, as far as time allows. */
  async #release(withinMs: number): Promise<void> {
    const readers = [...this.#readers.values()];
    if (readers.length === 0) return;
    const late = new AbortController();
    const settled = Promise.all(readers.map((reader) => reader.settle())).then(() => true);
    const inTime = await Promise.race([
      settled,
      sleep(withinMs, false, { signal: late.signal }).catch(() => false),
    ]);
    late.abort();
    if (!inTime) {
      this.#settings.logger.warn(
        { withinMs },
        'what was read last was not stored in time; it is read again by whoever goes on',
      );
    }
    await this.#commits.flush();
    await Promise.all(readers.map((reader) => reader.stop()));
    this.#commits.clear();
    for (const reader of readers) {
      if (this.#readers.get(reader.log.name) === reader) this.#readers.delete(reader.log.name);
    }
  }

  /** Throws nothing into kafkajs but its own word that the member has to join again. */
  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const reader = this.#readers.get(`${batch.topic}/${batch.partition}`);
    if (reader === undefined) return;
    const lastOffset = batch.lastOffset();
    const fed = reader.feed({
      from: fetchedOffset(batch),
      batch: new KafkaRecordBatch(
        batchBytes(batch),
        Number(lastOffset) + 1,
        this.#settings.maxBatchBytes,
      ),
      end: Number(batch.highWatermark),
    });
    const taken = await this.#withHeartbeats(payload, fed);
    if (taken && this.#readers.get(reader.log.name) === reader) payload.resolveOffset(lastOffset);
  }

  /** kafkajs sends no heartbeat while a batch is in work, and the work may outlast the session. */
  async #withHeartbeats<T>(payload: EachBatchPayload, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const mustJoin = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        payload.heartbeat().catch((error: unknown) => {
          if (mustRejoin(error)) reject(error);
          else this.#settings.logger.debug({ err: error }, 'heartbeat failed');
        });
      }, this.#heartbeatMs / 3);
    });
    try {
      return await Promise.race([work, mustJoin]);
    } finally {
      clearInterval(timer);
    }
  }

  #pause(topic: string, partition: number): void {
    this.#unlessCrashed(() => this.#consumer.pause([{ topic, partitions: [partition] }]));
  }

  #readFrom(topic: string, partition: number, offset: number): void {
    this.#unlessCrashed(() => {
      this.#consumer.seek({ topic, partition, offset: String(offset) });
      this.#consumer.resume([{ topic, partitions: [partition] }]);
    });
  }

  /** Between a crash of kafkajs and its restart it has no group; the next join assigns all anew. */
  #unlessCrashed(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#settings.logger.debug({ err: error }, 'the consumer is restarting');
    }
  }
}
