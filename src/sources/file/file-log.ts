/**
 * In: the rows of a file, encoded. Out: a log as the processor reads it: records in order, a row's
 * offset is its number less one, and rows that cannot be records carry why.
 */
import { crc32 } from 'node:zlib';
import type { RecordBatch, RecordCursor, RecordHeader, SourceFault } from '../source.ts';
import type { EncodedRow, RowEncoder } from './row-encoder.ts';
import type { Row, RowFault, RowFile } from './row-file.ts';

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
export async function* fileLog(options: FileLogOptions): AsyncGenerator<FileBatch> {
  const { file, encoder, time, onFault } = options;
  let chain = options.seed;
  let batch = new FileBatch(time, 0);
  for await (const rows of file.rows()) {
    for (const row of rows) {
      const encoded = encoder.encode(row);
      if (encoded.kind === 'fault') onFault(row.number, encoded.fault);
      if (encoded.kind !== 'left_out') chain = batch.add(row, encoded, chain);
      batch.nextOffset = row.number;
    }
    if (batch.size < ROWS_PER_BATCH) continue;
    yield batch;
    batch = new FileBatch(time, batch.nextOffset);
  }
  if (batch.size > 0) yield batch;
}

/** Some records of a file, in one buffer. */
export class FileBatch implements RecordBatch {
  nextOffset: number;
  readonly #time: number;
  readonly #records: FileRecord[] = [];
  readonly #parts: Buffer[] = [];
  #length = 0;
  #bytes: Buffer | null = null;

  constructor(time: number, nextOffset: number) {
    this.#time = time;
    this.nextOffset = nextOffset;
  }

  /** How many records it has. */
  get size(): number {
    return this.#records.length;
  }

  /** Takes a row; returns the checksum of all rows up to it. */
  add(row: Row, encoded: Exclude<EncodedRow, { kind: 'left_out' }>, chain: number): number {
    const { key, value, fault } =
      encoded.kind === 'record'
        ? { ...encoded, fault: null }
        : // Not a record: what the row has, for whoever looks at it.
          { key: null, value: Buffer.from(JSON.stringify(row.cells)), fault: encoded.fault.code };
    const keyStart = key === null ? -1 : this.#append(key);
    const valueStart = this.#append(value);
    this.#records.push({
      offset: row.number - 1,
      keyStart,
      valueStart,
      valueEnd: this.#length,
      fault,
      chain,
    });
    return crc32(value, chain);
  }

  records(): RecordCursor {
    this.#bytes ??= Buffer.concat(this.#parts, this.#length);
    return new FileCursor(this.#records, this.#bytes, this.#time);
  }

  #append(bytes: Buffer): number {
    const start = this.#length;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return start;
  }
}

interface FileRecord {
  readonly offset: number;
  readonly keyStart: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly fault: SourceFault | null;
  readonly chain: number;
}

class FileCursor implements RecordCursor {
  readonly bytes: Buffer;
  readonly time: number;
  offset = -1;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  fault: SourceFault | null = null;
  chain = 0;
  readonly #records: readonly FileRecord[];
  #at = 0;

  constructor(records: readonly FileRecord[], bytes: Buffer, time: number) {
    this.#records = records;
    this.bytes = bytes;
    this.time = time;
  }

  next(): boolean {
    const record = this.#records[this.#at++];
    if (record === undefined) return false;
    this.offset = record.offset;
    this.keyStart = record.keyStart;
    this.keyEnd = record.keyStart === -1 ? -1 : record.valueStart;
    this.valueStart = record.valueStart;
    this.valueEnd = record.valueEnd;
    this.fault = record.fault;
    this.chain = record.chain;
    return true;
  }

  headers(): readonly RecordHeader[] {
    return [];
  }
}
