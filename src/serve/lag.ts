/**
 * In: where the partitions are, and the progress lines that were stored. Out: how far behind they are.
 * What is not known is null, never 0.
 */
import type { PartitionState } from './partition-state.ts';
import { logName } from './partition-state.ts';

/** Without an answer for so long, "the log has no more" is no longer known. */
const FRESH_FOR_MS = 15_000;

export interface Lag {
  readonly events: number | null;
  /**
   * Age of the oldest record that is not stored, at most; 0 when all are. Grows from the last answer on
   * while no broker says whether there are any.
   */
  readonly seconds: number | null;
}

export class LagTracker {
  /** Per log: record time of the last record stored, milliseconds since 1970. */
  readonly #lastRecordTime = new Map<string, number>();
  /** Per log: when it was last seen to hold nothing that is not stored, milliseconds since 1970. */
  readonly #caughtUpAt = new Map<string, number>();

  stored(log: string, lastRecordTime: number | null): void {
    if (lastRecordTime === null || lastRecordTime < 0) this.#lastRecordTime.delete(log);
    else this.#lastRecordTime.set(log, lastRecordTime);
  }

  lag(state: PartitionState, now: number): Lag {
    const { end, committed, lastFetchAt } = state;
    const fresh = lastFetchAt !== null && now - lastFetchAt <= FRESH_FOR_MS;
    if (end === null || committed === null) return { events: null, seconds: null };
    const log = logName(state);
    // Markers of transactions may leave the line beyond the last known end.
    const events = Math.max(0, end - committed);
    if (events === 0) {
      if (lastFetchAt !== null) this.#caughtUpAt.set(log, lastFetchAt);
      if (fresh) return { events: 0, seconds: 0 };
      return { events: null, seconds: lastFetchAt === null ? null : (now - lastFetchAt) / 1000 };
    }
    // The oldest record that is not stored came after both of these.
    const since = Math.max(
      this.#lastRecordTime.get(log) ?? -Infinity,
      this.#caughtUpAt.get(log) ?? -Infinity,
    );
    return { events, seconds: since === -Infinity ? null : Math.max(0, now - since) / 1000 };
  }

  /** Forgets the logs that this process does not read any more. */
  keepOnly(logs: ReadonlySet<string>): void {
    for (const known of [this.#lastRecordTime, this.#caughtUpAt]) {
      for (const log of known.keys()) if (!logs.has(log)) known.delete(log);
    }
  }
}
