import type { Interpreter } from '../streams/stream.ts';
import type { ProgressLine } from '../warehouse/store.ts';
import type { ProcessorContext } from './context.ts';
import type { CommitBatch, Committer } from './group-commit.ts';
import type { OutcomeCount } from './observer.ts';
import { Pending } from './pending.ts';
import type { TakenLog } from './taken-log.ts';

export interface OutboxOptions {
  readonly context: ProcessorContext;
  /** `topic/partition`. */
  readonly log: string;
  readonly interpreter: Interpreter;
  /** Aborted when the assignment is dead: nothing more is handed out, and whoever waits is rejected. */
  readonly signal: AbortSignal;
  /** A line was stored, and the assignment lives. */
  readonly onStored: (line: ProgressLine) => void;
  /** What was handed out is not, or not surely, stored. */
  readonly onFailed: (error: unknown) => void;
}

/** What one log has made of its records, until it is stored: handed out for writing, and waited for. */
export class Outbox implements Committer {
  readonly #options: OutboxOptions;
  // Two sets of buffers: one is filled while the other is written.
  #pending: Pending;
  #spare: Pending;
  #inFlight: InFlight | null = null;
  #taken: TakenLog | null = null;
  /** To be stored before any row of the log is. */
  #firstLine: ProgressLine | null = null;
  /** Whether there is anything that the last line taken does not cover. */
  #dirty = false;
  #hurried = false;
  /** The next offset of the last line taken. */
  #covered = 0;
  #waiters: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    const { context, interpreter, signal } = options;
    const { stream, rules } = context;
    this.#options = options;
    this.#pending = new Pending(stream, interpreter, rules.epoch);
    this.#spare = new Pending(stream, interpreter, rules.epoch);
    signal.addEventListener('abort', () => this.#change(), { once: true });
  }

  /** From here on it hands out what the log makes of its records; `firstLine`: a line to be stored before. */
  open(taken: TakenLog, firstLine: ProgressLine | null): void {
    this.#taken = taken;
    this.#firstLine = firstLine;
    this.#covered = taken.progress.nextOffset;
  }

  /** Where what records have become is put. */
  get pending(): Pending {
    return this.#pending;
  }

  /** Whether all is stored. */
  get isEmpty(): boolean {
    return !this.#dirty && this.#inFlight === null;
  }

  get rows(): number {
    return this.#pending.rows;
  }

  /** What is not stored yet, ready or being written, as a part of what may be ready at a time. */
  get unstored(): number {
    const inFlight = this.#inFlight === null ? 0 : this.#fullnessOf(this.#inFlight.pending);
    return this.#fullnessOf(this.#pending) + inFlight;
  }

  get urgent(): boolean {
    return this.#hurried || this.#fullnessOf(this.#pending) >= 0.5;
  }

  /** Says that there is something to be stored. */
  filled(): void {
    this.#dirty = true;
    this.#options.context.commits.request(this);
  }

  /** The same, if the log is further than the last line taken. */
  advanced(): void {
    if (this.#taken!.progress.nextOffset !== this.#covered) this.filled();
  }

  /** Resolves when there is room for more. Rejects when the assignment dies first. */
  async room(): Promise<void> {
    while (this.#fullnessOf(this.#pending) >= 1) await this.#nextChange();
  }

  /** Has what is there written as soon as may be. */
  hurry(): void {
    if (!this.#dirty) return;
    this.#hurried = true;
    this.#options.context.commits.request(this);
  }

  /** Resolves when all is stored, its line too. Rejects when the assignment dies first. */
  async settle(): Promise<void> {
    this.#options.signal.throwIfAborted();
    while (!this.isEmpty) {
      this.hurry();
      await this.#nextChange();
    }
  }

  /** The same, but it may wait for others to be written with. */
  async settleInTime(): Promise<void> {
    this.#options.signal.throwIfAborted();
    while (!this.isEmpty) await this.#nextChange();
  }

  /** Forgets what was not handed out; resolves when what was is stored. */
  async drop(): Promise<void> {
    this.#dirty = false;
    while (this.#inFlight !== null) await this.#nextChange();
  }

  take(): CommitBatch | null {
    if (!this.#dirty || this.#taken === null || this.#options.signal.aborted) return null;
    const { progress, intake, sourceBytes } = this.#taken;
    const pending = this.#pending;
    const line = progress.snapshot();
    const firstLine = this.#firstLine;
    this.#covered = line.nextOffset;
    this.#inFlight = { pending, line, outcomes: progress.takeOutcomes() };
    this.#pending = this.#spare;
    this.#firstLine = null;
    this.#dirty = false;
    this.#hurried = false;
    intake.write++;
    this.#change();
    return { ...pending.encode(sourceBytes), firstLine, line };
  }

  stored(): void {
    const { context, log, signal, onStored } = this.#options;
    const { pending, line, outcomes } = this.#inFlight!;
    this.#inFlight = null;
    pending.clear();
    this.#spare = pending;
    context.observer.committed(log, line, outcomes);
    if (signal.aborted) return;
    onStored(line);
    this.#change();
  }

  failed(error: unknown): void {
    this.#inFlight = null;
    this.#options.onFailed(error);
  }

  /** The number of the last write whose rows are all stored. */
  get written(): number {
    return this.#taken!.intake.write - (this.#inFlight === null ? 1 : 2);
  }

  /** How full blocks are; from 1 on reading pauses. */
  #fullnessOf({ rows, bytes }: Pending): number {
    const { pendingRows, pendingBytes } = this.#options.context.limits;
    return Math.max(rows / pendingRows, bytes / pendingBytes);
  }

  /** Resolves when a write begins or ends; rejects when the assignment dies. */
  async #nextChange(): Promise<void> {
    const { signal } = this.#options;
    // It may have died since the last look; nothing would change any more.
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
    });
    signal.throwIfAborted();
  }

  #change(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

interface InFlight {
  readonly pending: Pending;
  readonly line: ProgressLine;
  readonly outcomes: readonly OutcomeCount[];
}
