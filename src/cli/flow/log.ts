/**
 * What a processor says about its work. In: what it stores. Out: a log line for every write of a log at
 * debug, and one a minute for all of them at info, unless there was nothing.
 */
import type { Logger } from 'pino';
import type { Observer } from '../../processor/observer.ts';
import type { PartitionProgress } from '../../sources/kafka/partition-reader.ts';

const MINUTE_MS = 60_000;

export interface FlowLogOptions {
  readonly logger: Logger;
  /** Who else wants to know. */
  readonly observer: Observer;
  readonly partitions: () => readonly PartitionProgress[];
  /** Between two lines at info. Default a minute. */
  readonly intervalMs?: number;
}

export interface FlowLog extends Disposable {
  readonly observer: Observer;
}

/** Says what is left to say when it is disposed of. */
export function flowLog(options: FlowLogOptions): FlowLog {
  const { logger, observer, partitions, intervalMs = MINUTE_MS } = options;
  let counts: Record<string, number> = {};
  const tell = (): void => {
    if (Object.keys(counts).length === 0) return;
    const records = Object.values(counts).reduce((sum, count) => sum + count, 0);
    logger.info({ records, ...counts, lag: lagOf(partitions()) }, 'stored');
    counts = {};
  };
  const timer = setInterval(tell, intervalMs);
  timer.unref();
  return {
    observer: {
      resumed: (log, line) => observer.resumed(log, line),
      committed: (log, line, outcomes) => {
        observer.committed(log, line, outcomes);
        for (const { outcome, count } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + count;
        const { source, nextOffset } = line;
        logger.debug({ source, nextOffset, outcomes }, 'stored');
      },
      lateness: (stream, seconds) => observer.lateness(stream, seconds),
      inserted: (table, rows, seconds) => observer.inserted(table, rows, seconds),
      retried: (operation) => observer.retried(operation),
      loaded: (entityDays) => observer.loaded(entityDays),
      cached: (log, entityDays) => observer.cached(log, entityDays),
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      tell();
    },
  };
}

/** Records that are there and not stored; null where that is not known of some partition. */
function lagOf(partitions: readonly PartitionProgress[]): number | null {
  let lag = 0;
  for (const { end, committed } of partitions) {
    if (end === null || committed === null) return null;
    lag += Math.max(0, end - committed);
  }
  return lag;
}
