import type { ProgressLine } from '../warehouse/store.ts';

/** What became of the records of one commit: how many per outcome and reason ('' when it has none). */
export interface OutcomeCount {
  readonly outcome: 'accepted' | 'duplicate' | 'late' | 'future' | 'invalid' | 'skipped';
  readonly reason: string;
  readonly count: number;
}

/** Who wants to know what the processor does: metrics. Calls must not throw. */
export interface Observer {
  /** A log is read from here on; `line` is where it was left. */
  resumed(log: string, line: ProgressLine): void;
  /** A progress line was stored. `log` is `topic/partition`, without a generation. */
  committed(log: string, line: ProgressLine, outcomes: readonly OutcomeCount[]): void;
  /** An accepted or late event was behind its source's watermark by so many seconds (≥ 0). */
  lateness(stream: string, seconds: number): void;
  inserted(table: string, rows: number, seconds: number): void;
  retried(operation: string): void;
  /** Units were read back from the warehouse, with so many entity-days in them. */
  loaded(entityDays: number): void;
  /** How much a source holds in memory, in user-days; 0 when it is let go. */
  cached(log: string, entityDays: number): void;
}

export const noObserver: Observer = {
  resumed() {},
  committed() {},
  lateness() {},
  inserted() {},
  retried() {},
  loaded() {},
  cached() {},
};
