/**
 * One assigned partition, from its assignment to its loss. In: what was fetched. Out: a processor
 * that gets exactly the records from the offset it asked for, and a new one whenever it dies.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LogBounds, RecordBatch } from '../source.ts';
import type {
  PartitionLog,
  PartitionProcessor,
  PartitionProcessorFactory,
} from './partition-processor.ts';

/** What the reader asks of the consumer that fetches for it. */
export interface PartitionControl {
  bounds(): Promise<LogBounds>;
  /** Fetches nothing more; what was fetched and not yet fed is dropped. */
  pause(): void;
  /** Goes on fetching at this offset. */
  readFrom(offset: number): void;
  /** Everything before this offset is stored. */
  committed(nextOffset: number): void;
  /** The partition cannot be processed, and trying again would not help. */
  gaveUp(error: unknown): void;
}

export interface PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last record of the log, as far as known. */
  readonly end: number | null;
  /** The offset after the last record that was given to the processor; null before it started. */
  readonly position: number | null;
  /** Everything before this offset is stored; null before the processor started. */
  readonly committed: number | null;
  /** Since when records are fetched, milliseconds since 1970; null before, left out when it is not known. */
  readonly readingSince?: number | null;
  /** Milliseconds since 1970 at which fetching last succeeded; null before the first time. */
  readonly lastFetchAt: number | null;
}

export interface Fetched {
  /** The offset that the fetch asked for. */
  readonly from: number;
  readonly batch: RecordBatch;
  readonly end: number;
}

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** So often in a row an error that says of itself `retryable: false` is tried all the same. */
const TRIES_OF_THE_HOPELESS = 3;

export class PartitionReader {
  readonly log: PartitionLog;
  readonly #createProcessor: PartitionProcessorFactory;
  readonly #control: PartitionControl;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #processor: PartitionProcessor | undefined;
  /** Ends the current processor with a reason. */
  #fail: (reason: unknown) => void = () => {};
  /** Aborted when the current processor ends, so that nobody waits for it any more. */
  #over = new AbortController();
  #accepting = false;
  #draining = false;
  #feeding: Promise<boolean> = Promise.resolve(false);
  /** Never rejects. */
  #pushing: Promise<void> = Promise.resolve();
  #settling: Promise<void> | undefined;
  #position: number | null = null;
  #committed: number | null = null;
  #end: number | null = null;
  #readingSince: number | null = null;
  #lastFetchAt: number | null = null;
  #attempt = 0;

  constructor(
    log: PartitionLog,
    createProcessor: PartitionProcessorFactory,
    control: PartitionControl,
    logger: Logger,
  ) {
    this.log = log;
    this.#createProcessor = createProcessor;
    this.#control = control;
    this.#logger = logger.child({ topic: log.topic, partition: log.partition });
    this.#running = this.#run();
  }

  get progress(): PartitionProgress {
    return {
      topic: this.log.topic,
      partition: this.log.partition,
      end: this.#end,
      position: this.#position,
      committed: this.#committed,
      readingSince: this.#readingSince,
      lastFetchAt: this.#lastFetchAt,
    };
  }

  /**
   * Hands a fetched batch to the processor as soon as that is done with the one before; while it is at
   * work the next one can be fetched. False when it was not taken, because it is not what comes next or
   * the processor ended meanwhile.
   */
  async feed(fetched: Fetched): Promise<boolean> {
    await this.#feeding;
    this.#feeding = this.#feed(fetched);
    return this.#feeding;
  }

  async #feed({ from, batch, end }: Fetched): Promise<boolean> {
    const processor = this.#processor;
    if (!this.#accepting || processor === undefined) return false;
    if (from !== this.#position) {
      this.restart(`reading went on at offset ${from} instead of ${this.#position}`);
      return false;
    }
    this.#end = end;
    this.#position = batch.nextOffset;
    await this.#pushing;
    if (this.#processor !== processor) return false;
    this.#pushing = this.#push(processor, batch);
    return true;
  }

  async #push(processor: PartitionProcessor, batch: RecordBatch): Promise<void> {
    try {
      await orAborted(processor.push(batch), this.#over.signal);
    } catch (error) {
      if (this.#processor === processor) this.#fail(error);
    }
  }

  /** The consumer went on by itself over records that are none (markers of transactions). */
  skipped(nextOffset: number): void {
    if (!this.#accepting || this.#position === null || nextOffset <= this.#position) return;
    const allStored = this.#committed === this.#position;
    this.#position = nextOffset;
    if (!allStored) return;
    this.#committed = nextOffset;
    this.#control.committed(nextOffset);
  }

  fetched(at: number): void {
    if (this.#accepting) this.#lastFetchAt = at;
  }

  /** An answer may be older than what has been read meanwhile. */
  learnEnd(end: number): void {
    this.#end = Math.max(end, this.#position ?? 0);
  }

  /** Ends the processor; a new one starts from its own line. */
  restart(reason: string): void {
    this.#fail(new Error(reason));
  }

  /** Takes nothing more, and resolves when all that was taken is stored, or the processor died. */
  settle(): Promise<void> {
    this.#settling ??= this.#settle();
    return this.#settling;
  }

  async #settle(): Promise<void> {
    const processor = this.#accepting ? this.#processor : undefined;
    this.#draining = true;
    this.#accepting = false;
    this.#control.pause();
    if (processor === undefined) return;
    await this.#feeding;
    await this.#pushing;
    if (this.#processor !== processor) return;
    try {
      await orAborted(processor.settle(), this.#over.signal);
    } catch (error) {
      this.#logger.warn({ err: error }, 'what was read last could not be stored; it is read again');
    }
  }

  /** Drops the processor for good. */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#stopped.abort();
    this.#fail(new Error('the partition was given up'));
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#draining) {
      try {
        await this.#runProcessor();
      } catch (error) {
        if (this.#draining) return;
        if (isPermanent(error) && this.#attempt + 1 >= TRIES_OF_THE_HOPELESS) {
          this.#control.gaveUp(error);
          return;
        }
        const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt++);
        const delay = ceiling * (0.5 + Math.random() / 2);
        this.#logger.error(
          { err: error, retryInMs: Math.round(delay) },
          'processing of the partition broke off; it starts again from its last progress',
        );
        await sleep(delay, undefined, { signal: this.#stopped.signal }).catch(() => {});
      }
    }
  }

  /** Rejects with the reason when the processor ends. */
  async #runProcessor(): Promise<never> {
    const over = new AbortController();
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    failed.catch(() => {});
    this.#over = over;
    const processor = this.#createProcessor(this.log, {
      onCommitted: (nextOffset) => {
        if (this.#processor !== processor) return;
        this.#attempt = 0;
        this.#committed = nextOffset;
        this.#control.committed(nextOffset);
      },
      onFailure: (error) => {
        if (this.#processor === processor) this.#fail(error);
      },
    });
    this.#processor = processor;
    try {
      const readBounds = async (): Promise<LogBounds> => {
        const bounds = await this.#control.bounds();
        this.#end = bounds.end;
        return bounds;
      };
      const offset = await Promise.race([processor.start(readBounds), failed]);
      this.#position = offset;
      this.#committed = offset;
      if (!this.#draining) {
        this.#accepting = true;
        this.#readingSince ??= Date.now();
        this.#control.readFrom(offset);
      }
      return await failed;
    } finally {
      this.#accepting = false;
      this.#processor = undefined;
      this.#control.pause();
      over.abort();
      processor.abandon();
    }
  }
}

function isPermanent(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === false;
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error('the processor has ended'));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
