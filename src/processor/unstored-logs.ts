/** In: assignments whose logs were read to their end. Out: they are stored, many small ones by one write. */
import type { Assignment } from './assignment.ts';

/** Each holds some buffers, however little is in them. */
const MOST_LOGS = 32;

export class UnstoredLogs {
  readonly #logs = new Set<Assignment>();
  /** Aborted when one could not be stored. */
  readonly #failed = new AbortController();

  /**
   * Resolves when the next log may be read. Rejects when the log cannot be stored, or one before it
   * could not.
   */
  async add(log: Assignment): Promise<void> {
    this.#logs.add(log);
    void log.settleInTime().then(
      () => this.#logs.delete(log),
      (error: unknown) => this.#failed.abort(error),
    );
    // One half is written while the other half is read.
    if (this.#fullness() >= 0.5) for (const one of this.#logs) one.hurry();
    while (this.#fullness() >= 1) await [...this.#logs][0]!.settle();
    this.#failed.signal.throwIfAborted();
  }

  /** Resolves when what the logs have accepted on these days, since 1970-01-01, is stored. */
  async settleThoseOf(days: readonly number[]): Promise<void> {
    await this.#settle(
      [...this.#logs].filter((log) => days.some((day) => log.loadedDays.has(day))),
    );
  }

  /** Resolves when all are stored. */
  async settle(): Promise<void> {
    await this.#settle([...this.#logs]);
  }

  async #settle(logs: readonly Assignment[]): Promise<void> {
    await Promise.all(logs.map((log) => log.settle()));
  }

  /** From 1 on reading pauses: all of them hold no more than one alone may. */
  #fullness(): number {
    let unstored = 0;
    for (const log of this.#logs) unstored += log.unstored;
    return Math.max(unstored, this.#logs.size / MOST_LOGS);
  }
}
