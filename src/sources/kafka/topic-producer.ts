/** Records of one topic in, acknowledged batches in Kafka out. */
import type { Kafka, Producer } from 'kafkajs';
import { Partitioners } from './kafkajs-mends.ts';
import { createTopicIfMissing } from './topics.ts';

export interface ProducerOptions {
  /** Creates the topic with so many partitions when it is missing. Not created when left out. */
  readonly partitions?: number;
  /** -1: all replicas in sync, 1: the leader, 0: nobody. Default -1. */
  readonly acks?: -1 | 0 | 1;
}

export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Milliseconds since 1970; now when left out. */
  readonly timestamp?: number;
  /** Decided by the key when left out. */
  readonly partition?: number;
}

export class TopicProducer implements AsyncDisposable {
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #acks: number;

  private constructor(producer: Producer, topic: string, acks: number) {
    this.#producer = producer;
    this.#topic = topic;
    this.#acks = acks;
  }

  /** Rejects when no broker can be reached or the topic cannot be created. */
  static async open(
    kafka: Kafka,
    topic: string,
    options: ProducerOptions = {},
  ): Promise<TopicProducer> {
    if (options.partitions !== undefined) {
      const admin = kafka.admin();
      try {
        await admin.connect();
        await createTopicIfMissing(admin, topic, { partitions: options.partitions });
      } finally {
        await admin.disconnect();
      }
    }
    const producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    return new TopicProducer(producer, topic, options.acks ?? -1);
  }

  /**
   * Sends the records as one batch per partition and resolves when they are acknowledged. Records of
   * one key keep their order, across calls too when each is awaited. A call's batches have to stay
   * below the brokers' limit (1 MB by default).
   */
  async send(records: readonly OutgoingRecord[]): Promise<void> {
    await this.#producer.send({
      topic: this.#topic,
      acks: this.#acks,
      messages: records.map(({ key, value, timestamp, partition }) => ({
        key,
        value,
        ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
        ...(partition === undefined ? {} : { partition }),
      })),
    });
  }

  /** Resolves when what was sent is acknowledged and the connection closed. */
  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
