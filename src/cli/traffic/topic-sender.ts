/** In: records one by one. Out: sends of many to one topic, a few at a time, no faster than asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingRecord, TopicProducer } from '../../sources/kafka/topic-producer.ts';

export interface TopicSenderOptions {
  readonly producer: Pick<TopicProducer, 'send'>;
  /** Records a second at most; unlimited when undefined. */
  readonly rate: number | undefined;
  readonly signal: AbortSignal;
  /** 1 keeps the order of all records, across keys too. Default 4. */
  readonly sendsAtATime?: number;
  /** A record that the brokers refuse because of its size. */
  readonly onTooLarge: (row: number) => void;
}

interface QueuedRecord extends OutgoingRecord {
  readonly row: number;
}

/** The brokers' default limit of a batch is 1 MiB, and one partition may get all of it. */
const BYTES_AT_A_TIME = 900_000;
const RECORD_OVERHEAD_BYTES = 24;
const DEFAULT_SENDS_AT_A_TIME = 4;
/** With a rate, so often records are sent. */
const SENDS_PER_SECOND = 10;

export class TopicSender {
  readonly #options: TopicSenderOptions;
  readonly #started = performance.now();
  readonly #underWay = new Set<Promise<void>>();
  readonly #recordsAtATime: number;
  readonly #sendsAtATime: number;
  #queue: QueuedRecord[] = [];
  #queuedBytes = 0;
  #queued = 0;
  #sent = 0;
  #error: unknown;
  #failed = false;

  constructor(options: TopicSenderOptions) {
    this.#options = options;
    this.#sendsAtATime = options.sendsAtATime ?? DEFAULT_SENDS_AT_A_TIME;
    this.#recordsAtATime =
      options.rate === undefined ? Infinity : Math.ceil(options.rate / SENDS_PER_SECOND);
  }

  /** How many records the brokers have acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  /** Takes a record; to be followed by `ready` before the next. `row` is what `onTooLarge` gets. */
  add(key: Buffer | null, value: Buffer | null, row: number): void {
    this.#queue.push({ key, value, row });
    this.#queuedBytes += (value?.length ?? 0) + (key?.length ?? 0) + RECORD_OVERHEAD_BYTES;
  }

  /** Whether `flush` is due. */
  get full(): boolean {
    return this.#queuedBytes >= BYTES_AT_A_TIME || this.#queue.length >= this.#recordsAtATime;
  }

  /** Starts to send what was added; resolves when more may come. Rejects when a send has failed. */
  async flush(): Promise<void> {
    const { rate, signal } = this.#options;
    if (rate !== undefined) {
      const due = this.#started + (this.#queued / rate) * 1000 - performance.now();
      if (due > 0) await sleep(due, undefined, { signal });
    }
    const records = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#queued += records.length;
    if (records.length > 0) this.#start(records);
    if (this.#underWay.size >= this.#sendsAtATime) await Promise.race(this.#underWay);
    if (this.#failed) throw this.#error;
  }

  /** Sends what is left and waits for all. */
  async end(): Promise<void> {
    await this.flush();
    await this.settled();
    if (this.#failed) throw this.#error;
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #start(records: QueuedRecord[]): void {
    const send = this.#send(records)
      .catch((error: unknown) => {
        if (!this.#failed) this.#error = error;
        this.#failed = true;
      })
      .finally(() => this.#underWay.delete(send));
    this.#underWay.add(send);
  }

  async #send(records: QueuedRecord[]): Promise<void> {
    const { producer, onTooLarge } = this.#options;
    try {
      await producer.send(records);
      this.#sent += records.length;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      if (records.length === 1) {
        onTooLarge(records[0]!.row);
        return;
      }
      const half = records.length >> 1;
      await this.#send(records.slice(0, half));
      await this.#send(records.slice(half));
    }
  }
}

function isTooLarge(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && (at.type === 'MESSAGE_TOO_LARGE' || at.type === 'RECORD_LIST_TOO_LARGE')) {
      return true;
    }
  }
  return false;
}
