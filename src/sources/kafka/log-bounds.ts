/** A topic in; the bounds of its partitions' logs out, asked of the brokers. */
import type { Admin, Kafka } from 'kafkajs';
import type { LogBounds } from '../source.ts';

export class LogBoundsReader {
  readonly #kafka: Kafka;
  readonly #inFlight = new Map<string, Promise<ReadonlyMap<number, LogBounds>>>();
  #admin: Promise<Admin> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Rejects when the brokers cannot be asked or know no such partition. */
  async partition(topic: string, partition: number): Promise<LogBounds> {
    const bounds = (await this.topic(topic)).get(partition);
    if (bounds !== undefined) return bounds;
    await this.close();
    throw new Error(`the brokers name no partition ${partition} of the topic ${topic} (yet)`);
  }

  /** Callers at the same time share one request. */
  topic(topic: string): Promise<ReadonlyMap<number, LogBounds>> {
    let answer = this.#inFlight.get(topic);
    if (answer === undefined) {
      answer = this.#ask(topic).finally(() => this.#inFlight.delete(topic));
      this.#inFlight.set(topic, answer);
    }
    return answer;
  }

  /** The names of all topics that this client may see. */
  async topics(): Promise<readonly string[]> {
    return this.#withAdmin((admin) => admin.listTopics());
  }

  async #ask(topic: string): Promise<ReadonlyMap<number, LogBounds>> {
    const partitions = await this.#withAdmin((admin) => admin.fetchTopicOffsets(topic));
    return new Map(
      partitions.map(({ partition, low, high }) => [
        partition,
        { first: Number(low), end: Number(high) },
      ]),
    );
  }

  /**
   * The admin client of kafkajs never refreshes its metadata, so that it does not learn of new
   * partitions or new leaders: after a fault, the next request takes a new one.
   */
  async #withAdmin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    this.#admin ??= this.#connect();
    try {
      return await ask(await this.#admin);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin();
    await admin.connect();
    return admin;
  }

  /** May be used again afterwards. */
  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    try {
      await (await admin)?.disconnect();
    } catch {
      // It never connected, or its connection is gone: nothing is left to close.
    }
  }
}
