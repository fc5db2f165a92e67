/**
 * In: logs that end: files, late events, refused records to be taken in again. Out: all of them are
 * taken in, whatever had been before.
 */
import type { RecordBatch } from '../sources/source.ts';
import type { ProgressLine } from '../warehouse/store.ts';
import type { Assignment, AssignmentOptions } from './assignment.ts';
import { LogRecreatedError } from './errors.ts';
import { UnstoredLogs } from './unstored-logs.ts';

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

export interface LogRunOptions<Log extends EndingLog> {
  /** Asked for the next when the one before is read. */
  readonly logs: Iterable<Log>;
  readonly assign: (log: Log, options: AssignmentOptions) => Assignment;
  /** Aborted when it has to end before the logs do. */
  readonly signal: AbortSignal;
}

/**
 * One log after the other: while the ends of some are written, the next are read. Resolves when all are
 * stored. Rejects with the signal's reason when that is aborted: what was read until then is stored, and
 * another run goes on from there.
 */
export async function takeInLogs<Log extends EndingLog>(
  options: LogRunOptions<Log>,
): Promise<void> {
  const { logs, assign, signal } = options;
  const unstored = new UnstoredLogs();
  try {
    for (const log of logs) {
      signal.throwIfAborted();
      const assignOne = (): Assignment =>
        assign(log, {
          log: log.name,
          cold: true,
          afterOthers: (days) => unstored.settleThoseOf(days),
        });
      await unstored.add(await readWhole(log, assignOne, signal));
    }
    await unstored.settle();
  } catch (error) {
    // What was read of others is good.
    await unstored.settle().catch(() => {});
    throw error;
  }
}

/** Resolves when the log is read. What is pending of it is to be settled. */
async function readWhole(
  log: EndingLog,
  assign: () => Assignment,
  signal: AbortSignal,
): Promise<Assignment> {
  for (;;) {
    const assignment = assign();
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
    return assignment;
  }
}
