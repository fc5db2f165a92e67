/**
 * In: the rows of a file, encoded. Out: a log as the processor reads it: records in order, a row's
 * offset is its number less one, and rows that cannot be records carry why.
 */
import { FileBatch } from './file-batch.ts';
import type { RecordBatch } from '../source.ts';
import type { RowEncoder } from './row-encoder.ts';
import type { RowFault, RowFile } from './row-file.ts';

export interface FileLogOptions {
  readonly file: RowFile;
  readonly encoder: RowEncoder;
  /** When the file was first read, in milliseconds since 1970: the time of all its records. */
  readonly time: number;
  /** Checksum of whatever else decides what the rows mean. */
  readonly seed: number;
  /** Offset of the row by which the file is recognised as the one read before; null when it was not. */
  readonly remembered: number | null;
  readonly onFault: (row: number, fault: RowFault) => void;
}

/** Few enough that other work has its turn, enough that a batch costs nothing. */
const ROWS_PER_BATCH = 2_000;
const NOTHING = Buffer.alloc(0);

/** Reads on to the end. To be iterated once. Throws a FileError when the file cannot be read on. */
export async function* fileLog(options: FileLogOptions): AsyncGenerator<RecordBatch> {
  const { file, encoder, time, remembered, onFault } = options;
  let batch = new FileBatch(time, { nextOffset: 0, chain: options.seed, capacity: 1024 });
  try {
    for await (const rows of file.rows()) {
      for (const row of rows) {
        const fault = batch.add(row, encoder);
        if (fault === 'left_out') {
          // It was a record before: this is another reading of the file.
          if (row.number - 1 === remembered)
            batch.addEncoded(row.number, NOTHING, NOTHING, NOTHING);
        } else if (fault !== null) onFault(row.number, fault);
      }
      if (batch.size < ROWS_PER_BATCH) continue;
      yield batch;
      batch = new FileBatch(time, batch);
    }
  } catch (error) {
    // What came before the place from which it cannot be read on.
    if (batch.size > 0) yield batch;
    throw error;
  }
  if (batch.size > 0) yield batch;
}
