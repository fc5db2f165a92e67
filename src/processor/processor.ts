import PQueue from 'p-queue';
import type { Rules } from '../streams/rules.ts';
import type { Stream } from '../streams/stream.ts';
import type { Store } from '../warehouse/store.ts';
import { Assignment, type AssignmentOptions } from './assignment.ts';
import type { ProcessorLimits } from './context.ts';
import { GroupCommit } from './group-commit.ts';
import type { Observer } from './observer.ts';
import type { Clock, DeadLetterQueue, SchemaRegistry } from './ports.ts';
import { systemClock } from './system-clock.ts';

export interface ProcessorOptions {
  readonly rules: Rules;
  readonly store: Store;
  readonly schemas: SchemaRegistry;
  readonly deadLetters: DeadLetterQueue;
  readonly observer: Observer;
  readonly limits: ProcessorLimits;
  /** Shortest time between the starts of two writes, unless much is waiting. Milliseconds. */
  readonly commitIntervalMs: number;
  readonly clock?: Clock;
  /** What a person should know: logs that were trimmed or recreated, operations tried again. */
  readonly warn: (message: string, details: object) => void;
  /** Something cannot be written and waiting will not help: the process should end. Called once. */
  readonly onFatal: (error: unknown) => void;
}

/** How many loads from the warehouse run at once. */
const LOADS = 4;

/** Turns the records of streams into their tables; an assignment for each log that it is given. */
export class Processor implements AsyncDisposable {
  readonly #options: ProcessorOptions;
  readonly #clock: Clock;
  readonly #commits: GroupCommit;
  readonly #loads = new PQueue({ concurrency: LOADS });

  constructor(options: ProcessorOptions) {
    const { store, deadLetters, observer, commitIntervalMs, onFatal } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#commits = new GroupCommit({
      store,
      deadLetters,
      observer,
      clock: this.#clock,
      intervalMs: commitIntervalMs,
      random: Math.random,
      onFatal,
    });
  }

  /** A new assignment of a log of a stream; it must be started before records are pushed. */
  assign(stream: Stream, options: AssignmentOptions): Assignment {
    const { rules, store, schemas, observer, limits, warn } = this.#options;
    return new Assignment(
      {
        stream,
        rules,
        store,
        schemas,
        observer,
        limits,
        warn,
        commits: this.#commits,
        loads: this.#loads,
        clock: this.#clock,
        random: Math.random,
      },
      options,
    );
  }

  /** Ends what is being tried again and writes no more. Settle the assignments first. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commits.close();
  }
}
