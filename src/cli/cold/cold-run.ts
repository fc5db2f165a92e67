/**
 * Adding events besides the processors: files, late events, replays. In: logs that end. Out: their
 * records in the tables, exactly once, and what became of each.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../../config/configuration.ts';
import { takeInLogs } from '../../processor/log-run.ts';
import type { EndingLog } from '../../processor/log-run.ts';
import { noObserver } from '../../processor/observer.ts';
import type { SchemaRegistry } from '../../processor/ports.ts';
import { Processor } from '../../processor/processor.ts';
import type { Rules } from '../../streams/rules.ts';
import type { Stream } from '../../streams/stream.ts';
import { ClickHouseStore } from '../../warehouse/clickhouse-store.ts';
import { takeLease } from '../../warehouse/lease.ts';
import type { Lease } from '../../warehouse/lease.ts';
import type { ProgressLine } from '../../warehouse/store.ts';
import type { Invocation } from '../invocation.ts';
import { say } from '../invocation.ts';
import { OutcomeTally } from './outcome-tally.ts';
import type { Outcomes } from './outcome-tally.ts';

/** A log, and how it is counted. */
export interface ColdLog extends EndingLog {
  readonly stream: Stream;
  /** Whether what earlier runs made of its records is counted too. */
  readonly countsEarlier: boolean;
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

  /** The same as `processAll`, of one log, whose events may be as old as they like. */
  async process(log: ColdLog): Promise<Outcomes> {
    const [outcomes] = await this.processAll([log], Infinity);
    return outcomes!;
  }

  /**
   * Takes in what was not taken in before, of one log after the other. When it is interrupted, what was
   * read so far is stored, and another run goes on from there. Records of earlier runs are counted as
   * what they are now, duplicates where they had been accepted. `lookbackDays`: how far an event may be
   * behind the watermark of its log.
   */
  async processAll(logs: readonly ColdLog[], lookbackDays: number): Promise<readonly Outcomes[]> {
    const fatal = new AbortController();
    const tallies = new Map(logs.map(({ name }) => [name, new OutcomeTally()]));
    await using processor = this.#processor(tallies, lookbackDays, fatal);
    try {
      await takeInLogs({
        logs,
        assign: (log, options) => processor.assign(log.stream, options),
        signal: this.signal,
      });
    } catch (error) {
      fatal.signal.throwIfAborted();
      throw error;
    }
    const all: Outcomes[] = [];
    for (const { name, countsEarlier } of logs) {
      const tally = tallies.get(name)!;
      if (countsEarlier && tally.resumed !== null) await this.#addEarlier(tally, tally.resumed);
      all.push(tally.outcomes);
    }
    return all;
  }

  #processor(
    tallies: ReadonlyMap<string, OutcomeTally>,
    lookbackDays: number,
    fatal: AbortController,
  ): Processor {
    const { configuration, invocation, schemas } = this.#options;
    const { maxPendingRows, maxPendingBytes, maxCachedUserDays } = configuration.processor;
    return new Processor({
      rules: { ...this.#rules, lookbackDays },
      store: this.#store,
      schemas,
      // There is no topic besides a file: the table of the rejected holds them.
      deadLetters: { send: () => Promise.resolve() },
      observer: {
        ...noObserver,
        resumed: (name, line) => {
          tallies.get(name)!.resumed = line;
        },
        committed: (name, _line, outcomes) => {
          for (const count of outcomes) tallies.get(name)!.add(count);
        },
      },
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
