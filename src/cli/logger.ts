/** In: the level. Out: a logger that writes to stderr, for stdout belongs to data: JSON, or readable on a terminal. */
import { destination, pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';
import { readableLog } from './readable-log.ts';

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

/** What ended a service, with its causes, as one line, whatever LOG_LEVEL says. */
export function logFatal(stderr: DestinationStream, error: unknown, exitStatus: number): void {
  const err = error instanceof Error ? error : new Error(String(error));
  pino({ level: 'fatal' }, stderr).fatal({ err, exitStatus }, `ended: ${err.message}`);
}

/** For a person where a person looks, else one JSON object a line. An error has its causes in its stack. */
function toStderr(level: string): Logger {
  const { stderr } = process;
  return pino({ level }, stderr.isTTY ? readableLog(stderr) : destination({ dest: 2, sync: true }));
}
