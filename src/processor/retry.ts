import type { Clock } from './ports.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;
/** How often an operation is tried that fails for a reason which waiting does not mend. */
const TRIES_WITHOUT_HOPE = 3;

/** Whether trying again can help: what errors of the ports say of themselves. */
export function isRetryable(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true
  );
}

export interface RetryOptions {
  readonly clock: Clock;
  /** Aborting ends the waiting between tries, and rejects. */
  readonly signal: AbortSignal;
  /** Called before each wait. */
  readonly onRetry: (error: unknown) => void;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/**
 * Tries until it succeeds: for ever while the error can pass, a few times otherwise. Waits double from
 * 0.1 s to 10 s, each between half and the whole of that.
 */
export async function retrying<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  let hopeless = 0;
  for (let tries = 0; ; tries++) {
    options.signal.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      if (!isRetryable(error) && ++hopeless >= TRIES_WITHOUT_HOPE) throw error;
      options.onRetry(error);
      const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries, 20), LONGEST_WAIT_MS);
      await options.clock.sleep(wait * (0.5 + 0.5 * options.random()), options.signal);
    }
  }
}
