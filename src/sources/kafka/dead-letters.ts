/**
 * Refused records in, records of a dead-letter topic out: the original key, value and headers, and
 * headers that say where the record came from and why it was refused. At least once.
 */
import type { IHeaders, Kafka, Message, Producer } from 'kafkajs';
import PQueue from 'p-queue';
import type { Logger } from 'pino';
import type { DeadLetter, DeadLetterQueue } from '../../processor/ports.ts';
import { Partitioners } from './kafkajs-mends.ts';
import { createTopicIfMissing } from './topics.ts';

export interface DeadLetterOptions {
  /** From `createKafka`. */
  readonly kafka: Kafka;
  readonly logger: Logger;
  /** The topic of a stream's records; its dead letters go to `<topic>-dead-letters`. */
  readonly topicOf: (stream: string) => string;
  /** Bytes of the value that are kept of a record too large for the broker. Default 262,144. */
  readonly keptBytes?: number;
  /** Requests under way at once. Default 4. */
  readonly concurrency?: number;
}

/** What one request carries; the brokers' default limit for a batch is 1 MB. */
const REQUEST_BYTES = 512 * 1024;
/** Beyond this not even a try: a request of 100 MB makes a broker close the connection. */
const HOPELESS_BYTES = 32 * 2 ** 20;

export function deadLetterTopic(topic: string): string {
  return `${topic}-dead-letters`;
}

export class KafkaDeadLetters implements DeadLetterQueue, AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #logger: Logger;
  readonly #topicOf: (stream: string) => string;
  readonly #keptBytes: number;
  readonly #requests: PQueue;
  readonly #topics = new Map<string, Promise<void>>();
  #producer: Promise<Producer> | undefined;

  /** Connects at the first letter. */
  constructor(options: DeadLetterOptions) {
    this.#kafka = options.kafka;
    this.#logger = options.logger;
    this.#topicOf = options.topicOf;
    this.#keptBytes = options.keptBytes ?? 256 * 1024;
    this.#requests = new PQueue({ concurrency: options.concurrency ?? 4 });
  }

  /**
   * Resolves when all letters are acknowledged by all replicas in sync. Rejects when Kafka could not
   * be reached or refused them for another reason than their size; some may have been sent then.
   */
  async send(letters: readonly DeadLetter[]): Promise<void> {
    const streams = [...new Set(letters.map(({ stream }) => stream))];
    const requests = streams.flatMap((stream) =>
      chunks(letters.filter((letter) => letter.stream === stream)).map(
        (chunk) => () => this.#sendChunk(deadLetterTopic(this.#topicOf(stream)), chunk),
      ),
    );
    await this.#requests.addAll(requests);
  }

  async #sendChunk(topic: string, letters: readonly DeadLetter[]): Promise<void> {
    await this.#ensureTopic(topic);
    const whole = letters.length > 1 || size(letters[0]!) < HOPELESS_BYTES;
    if (whole && (await this.#trySend(topic, letters.map(toMessage)))) return;
    for (const letter of letters) {
      const sent =
        (letters.length > 1 && (await this.#trySend(topic, [toMessage(letter)]))) ||
        (await this.#trySend(topic, [truncated(letter, this.#keptBytes)])) ||
        (await this.#trySend(topic, [withoutContent(letter)]));
      if (!sent) {
        throw new Error(
          `the dead-letter topic ${topic} takes not even the headers of ${letter.source} ` +
            `offset ${letter.offset}: raise its max.message.bytes`,
        );
      }
    }
  }

  /** False when the broker finds them too large. */
  async #trySend(topic: string, messages: Message[]): Promise<boolean> {
    this.#producer ??= this.#connect();
    try {
      const producer = await this.#producer;
      await producer.send({ topic, acks: -1, messages });
      return true;
    } catch (error) {
      if (isTooLarge(error)) return false;
      throw error;
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      allowAutoTopicCreation: false,
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      this.#producer = undefined;
      throw error;
    }
  }

  #ensureTopic(topic: string): Promise<void> {
    let ready = this.#topics.get(topic);
    if (ready === undefined) {
      ready = this.#createTopic(topic);
      this.#topics.set(topic, ready);
      ready.catch(() => this.#topics.delete(topic));
    }
    return ready;
  }

  async #createTopic(topic: string): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      if (await createTopicIfMissing(admin, topic, { partitions: 1 })) {
        this.#logger.info({ topic }, 'dead-letter topic created');
      }
    } finally {
      await admin.disconnect();
    }
  }

  /** Resolves when what is under way has been sent. */
  async close(): Promise<void> {
    await this.#requests.onIdle();
    const producer = this.#producer;
    this.#producer = undefined;
    await (await producer)?.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function size({ key, value, headers }: DeadLetter): number {
  const ofHeaders = headers.reduce((sum, h) => sum + h.key.length + (h.value?.length ?? 0), 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders + 200;
}

function chunks(letters: readonly DeadLetter[]): DeadLetter[][] {
  const result: DeadLetter[][] = [];
  let room = 0;
  for (const letter of letters) {
    room -= size(letter);
    if (room < 0) {
      result.push([]);
      room = REQUEST_BYTES - size(letter);
    }
    result.at(-1)!.push(letter);
  }
  return result;
}

function toMessage(letter: DeadLetter): Message {
  return { key: letter.key, value: letter.value, headers: headersOf(letter, letter.headers) };
}

/** The beginning of the value; the key as long as it is a reasonable one. */
function truncated(letter: DeadLetter, keptBytes: number): Message {
  const headers = headersOf(
    letter,
    size({ ...letter, value: null }) > keptBytes ? [] : letter.headers,
  );
  return {
    key: (letter.key?.length ?? 0) > keptBytes ? null : letter.key,
    value: letter.value?.subarray(0, keptBytes) ?? null,
    headers: { ...headers, 'tidemark-truncated': 'true' },
  };
}

/** Where the record came from, so that it can be found there. */
function withoutContent(letter: DeadLetter): Message {
  const headers = { ...headersOf(letter, []), 'tidemark-truncated': 'true' };
  return { key: null, value: Buffer.alloc(0), headers };
}

/** A header may come several times; kafkajs then knows no null among its values: it becomes empty. */
function headersOf(letter: DeadLetter, original: DeadLetter['headers']): IHeaders {
  const headers: Record<string, (string | Buffer)[] | undefined> = {};
  for (const { key, value } of original) {
    const sameKey = original.filter((other) => other.key === key);
    headers[key] =
      sameKey.length === 1 && value === null
        ? undefined
        : sameKey.map((other) => other.value ?? '');
  }
  return {
    ...headers,
    'tidemark-stream': letter.stream,
    'tidemark-source': letter.source,
    'tidemark-offset': String(letter.offset),
    'tidemark-time': String(letter.time),
    'tidemark-outcome': letter.outcome,
    'tidemark-reason': letter.reason,
  };
}

function isTooLarge(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const type = 'type' in error ? error.type : undefined;
  return (
    type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE' || isTooLarge(error.cause)
  );
}
