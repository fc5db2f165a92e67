/** In: the level. Out: a logger that writes to stderr, for stdout belongs to data. */
import { destination, pino } from 'pino';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';

export function stderrLogger({ logging }: Configuration): Logger {
  return pino({ level: logging.level }, destination({ dest: 2, sync: true }));
}
