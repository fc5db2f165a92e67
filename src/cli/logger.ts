/** In: the level. Out: a logger that writes to stderr, for stdout belongs to data. */
import { destination, pino } from 'pino';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';

/** Of a short command: what is retried inside is not its user's business, unless asked for. */
export function commandLogger({ logging }: Configuration): Logger {
  return toStderr(logging.level === 'info' ? 'error' : logging.level);
}

/** Of a service beside a picture of what it does: only what is not in the picture. */
export function stackLogger({ logging }: Configuration): Logger {
  return toStderr(logging.level === 'info' ? 'warn' : logging.level);
}

/** Of a service: everything that is said is for logs. */
export function serviceLogger({ logging }: Configuration): Logger {
  return toStderr(logging.level);
}

function toStderr(level: string): Logger {
  return pino({ level }, destination({ dest: 2, sync: true }));
}
