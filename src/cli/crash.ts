/** In: what is to be said when something is thrown that nobody catches. Out: it is said, and the process ends. */
import { EXIT } from './exit-status.ts';

export function onCrash(say: (error: unknown) => void): Disposable {
  const end = (error: unknown) => {
    say(error);
    process.exit(EXIT.fault);
  };
  process.on('uncaughtException', end);
  return {
    [Symbol.dispose]() {
      process.off('uncaughtException', end);
    },
  };
}
