/** In: a signal. Out: pauses for a long computation. */
import { setImmediate } from 'node:timers/promises';

/** Lets timers and signals have their turn in a long computation, and ends it when it is to end. */
export function breathing(signal: AbortSignal): () => Promise<void> {
  return async () => {
    await setImmediate();
    signal.throwIfAborted();
  };
}
