/**
 * In: the rows of a file, encoded. Out: a log as the processor reads it: records in order, a row's
 * offset is its number less one, and rows that cannot be records carry why.
 */
import { crc32 } from 'node:zlib';
import { RecordList } from '../record-list.ts';
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
  readonly onFault: (row: number, fault: RowFault) => void;
}

/** Few enough that other work has its turn, enough that a batch costs nothing. */
const ROWS_PER_BATCH = 2_000;

/** Reads on to the end. To be iterated once. Throws a FileError when the file cannot be read on. */
export async function* fileLog(options: FileLogOptions): AsyncGenerator<RecordBatch> {
  const { file, encoder, time, onFault } = options;
  let chain = options.seed;
  let batch = new RecordList();
  for await (const rows of file.rows()) {
    for (const row of rows) {
      const encoded = encoder.encode(row);
      const offset = row.number - 1;
      if (encoded.kind === 'record') {
        const { key, value } = encoded;
        batch.add({ offset, time, key, value, chain });
        chain = crc32(value, chain);
      } else if (encoded.kind === 'fault') {
        onFault(row.number, encoded.fault);
        // Not a record: what the row has, for whoever looks at it.
        const value = Buffer.from(JSON.stringify(row.cells));
        batch.add({ offset, time, key: null, value, fault: encoded.fault.code, chain });
        chain = crc32(value, chain);
      }
      batch.nextOffset = row.number;
    }
    if (batch.size < ROWS_PER_BATCH) continue;
    yield batch;
    batch = new RecordList(batch.nextOffset);
  }
  if (batch.size > 0) yield batch;
}
