/**
 * In: a log that ends: a file, late events, refused records to be taken in again. Out: all of it is
 * taken in, whatever had been before.
 */
import type { RecordBatch } from '../sources/source.ts';
import type { ProgressLine } from '../warehouse/store.ts';
import type { Assignment, AssignmentOptions, Forerunner } from './assignment.ts';
import { LogRecreatedError } from './errors.ts';

/** A log that is read from its first record to its last. */
export interface EndingLog {
  /** Its source, but for its generation: `file:events.csv`, `app-events/0#late`. */
  readonly name: string;
  /**
   * All records from the first, or from the last one that the line remembers. `line`: how far it was
   * read before; its `lastRecordTime` is never null, it is when the log was first read.
   */
  read(line: ProgressLine): AsyncIterable<RecordBatch>;
}

export interface LogRunOptions {
  readonly log: EndingLog;
  readonly assign: (options: AssignmentOptions) => Assignment;
  /** Aborted when it has to end before the log does. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when the whole log is stored. Rejects with the signal's reason when that is aborted: what
 * was read until then is stored, and another run goes on from there.
 */
export async function takeInWhole(options: LogRunOptions): Promise<void> {
  const { stored } = await readWhole(options);
  await stored;
}

/**
 * The same, but resolves when the log is read: what is being written may go on beside the next log, which
 * then is assigned `after` this one.
 */
export async function readWhole({ log, assign, signal }: LogRunOptions): Promise<Forerunner> {
  for (;;) {
    const assignment = assign({ log: log.name, cold: true });
    let next = 0;
    try {
      await assignment.start(() => Promise.resolve({ first: 0, end: Infinity }));
      for await (const batch of log.read(assignment.line)) {
        await assignment.push(batch);
        next = batch.nextOffset;
        if (signal.aborted) break;
      }
      if (!signal.aborted) await assignment.end(next);
      if (signal.aborted) await assignment.settle();
    } catch (error) {
      // Where the log cannot be read on, what was read before it is good. A dead assignment settles nothing.
      await assignment.settle().catch(() => {});
      assignment.abandon();
      // The log under this name is another one than before; its first line is stored by now.
      if (error instanceof LogRecreatedError) continue;
      throw error;
    }
    signal.throwIfAborted();
    const stored = settled(assignment);
    stored.catch(() => {});
    return { days: assignment.loadedDays, stored };
  }
}

async function settled(assignment: Assignment): Promise<void> {
  try {
    await assignment.settle();
  } catch (error) {
    assignment.abandon();
    throw error;
  }
}
