import PQueue from 'p-queue';
import type { ProgressLine, Store } from '../warehouse/store.ts';
import type { Observer } from './observer.ts';
import type { Clock, DeadLetter, DeadLetterQueue } from './ports.ts';
import { retrying } from './retry.ts';

/** Rows for one table, in pieces of Native blocks. */
export interface Insert {
  readonly table: string;
  readonly rows: number;
  readonly pieces: readonly Uint8Array[];
}

/** What one source has ready to be stored. The pieces stay untouched until the write has ended. */
export interface CommitBatch {
  /** Written before all else. */
  readonly firstLine: ProgressLine | null;
  /** In stages: those of a later stage are written when all of the earlier ones are. */
  readonly stages: readonly (readonly Insert[])[];
  readonly letters: readonly DeadLetter[];
  readonly line: ProgressLine;
}

/** A source that takes part in group commits. */
export interface Committer {
  /** Whether it has enough to be written without waiting for more. */
  readonly urgent: boolean;
  /** How many rows it has ready, at least. */
  readonly rows: number;
  /** Hands out all that is ready; null when there is nothing, or the source was let go. */
  take(): CommitBatch | null;
  /** The batch taken last is stored, its line too. */
  stored(): void;
  /** The batch taken last is not, or not surely, stored. */
  failed(error: unknown): void;
}

export interface GroupCommitOptions {
  readonly store: Store;
  readonly deadLetters: DeadLetterQueue;
  readonly clock: Clock;
  readonly observer: Observer;
  /**
   * Shortest time from the start of one write to the start of the next, unless a source is urgent;
   * eight times that while old records are caught up with.
   */
  readonly intervalMs: number;
  /** A number in [0, 1), for the jitter of retries. */
  readonly random: () => number;
  /** Called once, when something cannot be written and waiting will not help. */
  readonly onFatal: (error: unknown) => void;
}

/** So many rows waiting at once are old ones: nobody waits for them, and larger writes are cheaper. */
const CATCHING_UP_ROWS = 20_000;

/**
 * Writes what all sources of the process have ready, one group after the other: whoever is ready when
 * a write starts is in it, whoever is not is in the next. Many small fetches so become few large inserts.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #waiting = new Set<Committer>();
  readonly #stop = new AbortController();
  /** Inserts of one stage go to different tables, so they may run side by side. */
  readonly #inserts = new PQueue({ concurrency: 2 });
  #running: Promise<void> | null = null;
  #lastStart = -Infinity;
  #hurry: AbortController | null = null;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Says that a source has something to be stored. After `close` it fails at once. */
  request(committer: Committer): void {
    if (this.#stop.signal.aborted) {
      committer.failed(this.#stop.signal.reason);
      return;
    }
    this.#waiting.add(committer);
    if (committer.urgent) this.#hurry?.abort();
    this.#running ??= this.#run();
  }

  /** Ends retries and writes no more. What was being written fails, and so does whoever waits for it. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the processor is stopping'));
    this.#hurry?.abort();
    await this.#running;
    for (const committer of this.#waiting) committer.failed(this.#stop.signal.reason);
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.size > 0 && !this.#stop.signal.aborted) await this.#writeGroup();
    } finally {
      // At once: whoever asks in the next microtask must not be told that somebody is at it.
      this.#running = null;
    }
  }

  async #writeGroup(): Promise<void> {
    await this.#linger();
    const taken: { committer: Committer; batch: CommitBatch }[] = [];
    for (const committer of this.#waiting) {
      const batch = committer.take();
      if (batch !== null) taken.push({ committer, batch });
    }
    this.#waiting.clear();
    if (taken.length === 0) return;
    try {
      await this.#write(taken.map(({ batch }) => batch));
      for (const { committer } of taken) committer.stored();
    } catch (error) {
      for (const { committer } of taken) committer.failed(error);
      if (!this.#stop.signal.aborted) this.#options.onFatal(error);
    }
  }

  async #linger(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const waiting = (ms: number): number => this.#lastStart + ms - clock.now();
    await this.#sleepUnlessUrgent(waiting(intervalMs));
    let rows = 0;
    for (const committer of this.#waiting) rows += committer.rows;
    if (rows >= CATCHING_UP_ROWS) await this.#sleepUnlessUrgent(waiting(8 * intervalMs));
    this.#lastStart = clock.now();
  }

  async #sleepUnlessUrgent(ms: number): Promise<void> {
    if (ms <= 0 || [...this.#waiting].some((committer) => committer.urgent)) return;
    this.#hurry = new AbortController();
    try {
      await this.#options.clock.sleep(ms, this.#hurry.signal);
    } catch {
      // Hurried.
    }
    this.#hurry = null;
  }

  async #write(batches: readonly CommitBatch[]): Promise<void> {
    await this.#writeProgress(batches.flatMap(({ firstLine }) => firstLine ?? []));
    const stages = Math.max(...batches.map((batch) => batch.stages.length));
    for (let stage = 0; stage < stages; stage++) {
      const byTable = new Map<string, Insert[]>();
      for (const insert of batches.flatMap((batch) => batch.stages[stage] ?? [])) {
        if (insert.rows === 0) continue;
        const inserts = byTable.get(insert.table);
        if (inserts === undefined) byTable.set(insert.table, [insert]);
        else inserts.push(insert);
      }
      await this.#inserts.addAll(
        [...byTable].map(
          ([table, inserts]) =>
            () =>
              this.#insert(table, inserts),
        ),
      );
    }
    const letters = batches.flatMap((batch) => batch.letters);
    if (letters.length > 0) {
      await this.#retrying('dead_letters', () => this.#options.deadLetters.send(letters));
    }
    await this.#writeProgress(batches.map(({ line }) => line));
  }

  async #writeProgress(lines: readonly ProgressLine[]): Promise<void> {
    if (lines.length === 0) return;
    await this.#retrying('progress', () => this.#options.store.writeProgress(lines));
  }

  async #insert(table: string, inserts: readonly Insert[]): Promise<void> {
    const { store, clock, observer } = this.#options;
    const pieces = inserts.flatMap((insert) => insert.pieces);
    const rows = inserts.reduce((sum, insert) => sum + insert.rows, 0);
    const started = clock.now();
    await this.#retrying(`insert_${table}`, () => store.insert(table, pieces));
    observer.inserted(table, rows, (clock.now() - started) / 1000);
  }

  #retrying(name: string, operation: () => Promise<void>): Promise<void> {
    const { clock, observer, random } = this.#options;
    return retrying(operation, {
      clock,
      random,
      signal: this.#stop.signal,
      onRetry: () => observer.retried(name),
    });
  }
}
