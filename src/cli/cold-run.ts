/**
 * Adding events besides the processors: files, late events, replays. In: logs that end. Out: their
 * records in the tables, exactly once, and what became of each.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../config/configuration.ts';
import type { Forerunner } from '../processor/assignment.ts';
import { readWhole } from '../processor/log-run.ts';
import type { EndingLog } from '../processor/log-run.ts';
import type { SchemaRegistry } from '../processor/ports.ts';
import { Processor } from '../processor/processor.ts';
import type { Rules } from '../streams/rules.ts';
import type { Stream } from '../streams/stream.ts';
import { ClickHouseStore } from '../warehouse/clickhouse-store.ts';
import { takeLease } from '../warehouse/lease.ts';
import type { Lease } from '../warehouse/lease.ts';
import type { ProgressLine } from '../warehouse/store.ts';
import type { Invocation } from './invocation.ts';
import { say } from './invocation.ts';
import { OutcomeTally } from './outcome-tally.ts';
import type { Outcomes } from './outcome-tally.ts';

/** A log, and how it is taken in. */
export interface ColdLog extends EndingLog {
  readonly stream: Stream;
  /** Days behind the watermark that an event may be; Infinity: as old as it likes. */
  readonly lookbackDays: number;
  /** Whether what earlier runs made of its records is counted too. */
  readonly countsEarlier: boolean;
}

interface ReadLog {
  readonly days: ReadonlySet<number>;
  /** Once all of it is stored. */
  readonly outcomes: Promise<Outcomes>;
}

interface Work {
  readonly processor: Processor;
  readonly tally: OutcomeTally;
  readonly stored: Promise<unknown>;
  readonly fatal: AbortController;
}

/** Whoever writes besides the processors does so alone. */
export const COLD_WRITES = 'cold_writes';
/** Nobody waits for any single row. */
const COMMIT_INTERVAL_MS = 500;
/** A process that reads Kafka has so many partitions, or thereabouts. */
const SHARES = 4;

export interface ColdRunOptions {
  readonly client: ClickHouseClient;
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  readonly schemas: SchemaRegistry;
  /** Asked for once nobody else is at work: they are the rules until it has ended. */
  readonly rules: () => Promise<Rules>;
  /** What it is, for whoever finds the database taken. */
  readonly command: string;
}

export class ColdRun implements AsyncDisposable {
  readonly #options: ColdRunOptions;
  readonly #lease: Lease;
  readonly #rules: Rules;
  readonly #store: ClickHouseStore;
  /** Aborted when it has to end: by a person, or because the lease was lost. */
  readonly signal: AbortSignal;

  private constructor(options: ColdRunOptions, lease: Lease, rules: Rules) {
    this.#rules = rules;
    this.#options = options;
    this.#lease = lease;
    this.#store = new ClickHouseStore(options.client);
    this.signal = AbortSignal.any([options.invocation.signal, lease.lost]);
  }

  /** Throws a LeaseTakenError when another one is at work. */
  static async begin(options: ColdRunOptions): Promise<ColdRun> {
    const { client, command, invocation } = options;
    const lease = await takeLease(client, COLD_WRITES, { command, signal: invocation.signal });
    try {
      return new ColdRun(options, lease, await options.rules());
    } catch (error) {
      await lease[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease[Symbol.asyncDispose]();
  }

  /**
   * Takes in what was not taken in before. When it is interrupted, what was read so far is stored, and
   * another run goes on from there. Those of earlier runs are counted as what they are now, duplicates
   * where they had been accepted.
   */
  async process(log: ColdLog): Promise<Outcomes> {
    const { outcomes } = await this.#read(log, undefined);
    return await outcomes;
  }

  /** The same of one log after the other: while the end of one is written, the next is read. */
  async processAll(logs: Iterable<ColdLog>): Promise<readonly Outcomes[]> {
    const all: Promise<Outcomes>[] = [];
    let before: Forerunner | undefined;
    try {
      for (const log of logs) {
        this.signal.throwIfAborted();
        const read = await this.#read(log, before);
        all.push(read.outcomes);
        before = { days: read.days, stored: read.outcomes };
        // No more than two at once: what is read next waits for this one alone.
        await all.at(-2);
      }
    } finally {
      await Promise.allSettled(all);
    }
    return Promise.all(all);
  }

  async #read(log: ColdLog, after: Forerunner | undefined): Promise<ReadLog> {
    const tally = new OutcomeTally();
    const fatal = new AbortController();
    const processor = this.#processor(tally, log.lookbackDays, fatal);
    try {
      const { days, stored } = await readWhole({
        log,
        assign: (options) => processor.assign(log.stream, { ...options, after }),
        signal: this.signal,
      });
      const outcomes = this.#outcomes(log, { processor, tally, stored, fatal });
      outcomes.catch(() => {});
      return { days, outcomes };
    } catch (error) {
      await processor[Symbol.asyncDispose]();
      fatal.signal.throwIfAborted();
      throw error;
    }
  }

  async #outcomes(log: ColdLog, { processor, tally, stored, fatal }: Work): Promise<Outcomes> {
    await using _ = processor;
    try {
      await stored;
    } catch (error) {
      fatal.signal.throwIfAborted();
      throw error;
    }
    if (log.countsEarlier && tally.resumed !== null) await this.#addEarlier(tally, tally.resumed);
    return tally.outcomes;
  }

  #processor(tally: OutcomeTally, lookbackDays: number, fatal: AbortController): Processor {
    const { configuration, invocation, schemas } = this.#options;
    const { maxPendingRows, maxPendingBytes, maxCachedUserDays } = configuration.processor;
    return new Processor({
      rules: { ...this.#rules, lookbackDays },
      store: this.#store,
      schemas,
      // There is no topic besides a file: the table of the rejected holds them.
      deadLetters: { send: () => Promise.resolve() },
      observer: tally.observer,
      limits: {
        pendingRows: maxPendingRows * SHARES,
        pendingBytes: maxPendingBytes * SHARES,
        cachedUserDays: maxCachedUserDays,
      },
      commitIntervalMs: COMMIT_INTERVAL_MS,
      warn: (message) => say(invocation, message),
      onFatal: (error) => fatal.abort(error),
    });
  }

  /** What earlier runs made of the records before a line. */
  async #addEarlier(tally: OutcomeTally, line: ProgressLine): Promise<void> {
    tally.add({ outcome: 'duplicate', reason: '', count: line.accepted + line.duplicate });
    tally.add({ outcome: 'late', reason: '', count: line.late });
    if (line.future + line.invalid === 0) return;
    const result = await this.#options.client.query({
      query: `
SELECT outcome, reason, toUInt32(count()) AS count
FROM rejected_events
WHERE stream = {stream: String} AND source = {source: String} AND offset < {before: UInt64}
GROUP BY outcome, reason`,
      query_params: { stream: line.stream, source: line.source, before: line.nextOffset },
      format: 'JSONEachRow',
    });
    const rows = await result.json<{
      outcome: 'future' | 'invalid';
      reason: string;
      count: number;
    }>();
    for (const row of rows) tally.add(row);
  }
}
