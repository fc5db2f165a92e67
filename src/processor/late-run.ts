/** In: late events, by the source to which they had come late. Out: each in the tables, once. */
import type { RecordBatch } from '../sources/source.ts';
import type { EndingLog } from './log-run.ts';

/** Late events as logs: marking some of a source is what appends them to the log `SOURCE#late`. */
export interface LateEvents {
  readSources(): Promise<readonly LateSource[]>;
  /** Appends what is waiting to the log of a source. */
  mark(source: string): Promise<void>;
  /** The records of a source's log from an offset on. */
  read(source: string, from: number): AsyncIterable<RecordBatch>;
}

export interface LateSource {
  readonly source: string;
  /** Late events that are not applied. */
  readonly waiting: number;
}

/**
 * Marks first and takes in then: whoever is interrupted in between finds the same log again, and goes
 * on from its progress line. `takeIn` says what became of the records that were not taken in before.
 */
export async function applyLateEvents<T>(
  late: LateEvents,
  takeIn: (log: EndingLog) => Promise<T>,
): Promise<readonly { readonly source: string; readonly outcome: T }[]> {
  const applied: { source: string; outcome: T }[] = [];
  for (const { source, waiting } of await late.readSources()) {
    if (waiting > 0) await late.mark(source);
    const outcome = await takeIn({
      name: `${source}#late`,
      read: (line) => late.read(source, line?.lastOffset ?? 0),
    });
    applied.push({ source, outcome });
  }
  return applied;
}
