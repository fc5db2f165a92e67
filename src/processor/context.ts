import type PQueue from 'p-queue';
import type { Rules } from '../streams/rules.ts';
import type { Stream } from '../streams/stream.ts';
import type { Store } from '../warehouse/store.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Observer } from './observer.ts';
import type { Clock, SchemaRegistry } from './ports.ts';

/** What an assignment works with; but for the stream all of a process share it. */
export interface ProcessorContext {
  readonly stream: Stream;
  readonly rules: Rules;
  readonly store: Store;
  readonly schemas: SchemaRegistry;
  readonly commits: GroupCommit;
  /** Bounds how many loads run at once. */
  readonly loads: PQueue;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly limits: ProcessorLimits;
  /** A number in [0, 1), for the jitter of retries. */
  readonly random: () => number;
  /** What a person should know: logs that were trimmed or recreated, a registry that is down. */
  readonly warn: (message: string, details: object) => void;
}

export interface ProcessorLimits {
  /** Rows of one source that may wait to be written before its reading pauses. */
  readonly pendingRows: number;
  /** Their bytes, likewise. */
  readonly pendingBytes: number;
  /** User-days of one source kept in memory; more are evicted, and loaded again when touched. */
  readonly cachedUserDays: number;
}
