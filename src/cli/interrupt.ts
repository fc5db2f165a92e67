/** In: SIGINT and SIGTERM. Out: an abort signal, and the exit status that the first of them asks for. */
import { EXIT } from './exit-status.ts';

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
  /** Of a command that stopped cleanly: null when nothing was to interrupt it. */
  readonly status: number | null;
}

/** The first signal asks for a clean stop, a second SIGINT ends the process at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let status: number | null = null;
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (signal === 'SIGINT') process.exit(EXIT.interrupted);
      return;
    }
    // Being told to end is the ordinary end of a service.
    status = signal === 'SIGTERM' ? EXIT.done : EXIT.interrupted;
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    [Symbol.dispose]() {
      process.off('SIGINT', stop).off('SIGTERM', stop);
    },
  };
}
