/** In: rows of a file. Out: a batch of records that is walked in place, all of them in one buffer. */
import { crc32 } from 'node:zlib';
import type { RecordBatch, RecordCursor, RecordHeader, SourceFault } from '../source.ts';
import { AvroBytes } from './avro-bytes.ts';
import type { RowEncoder } from './row-encoder.ts';
import type { Row, RowFault } from './row-file.ts';

export class FileBatch implements RecordBatch {
  nextOffset: number;
  /** Checksum of all values up to here, of the batches before too. */
  chain: number;
  readonly #time: number;
  readonly #out: AvroBytes;
  readonly #records: FileRecord[] = [];

  /** `before`: where the batch before it ended, and how large it was. */
  constructor(time: number, before: Pick<FileBatch, 'nextOffset' | 'chain' | 'capacity'>) {
    this.#time = time;
    this.nextOffset = before.nextOffset;
    this.chain = before.chain;
    this.#out = new AvroBytes(before.capacity);
  }

  /** How many records it has. */
  get size(): number {
    return this.#records.length;
  }

  /** Enough for a batch like this one, in bytes. */
  get capacity(): number {
    return Math.ceil(this.#out.length * 1.1);
  }

  /** Takes a row unless the mapping leaves it out. Returns that, or why the row is no record, or null. */
  add(row: Row, encoder: RowEncoder): RowFault | 'left_out' | null {
    const out = this.#out;
    this.nextOffset = row.number;
    const appended = encoder.append(row, out);
    if (appended === 'left_out') return appended;
    let { keyStart, valueStart } = encoder;
    if (appended !== null) {
      // Not a record: what the row has, for whoever looks at it.
      keyStart = -1;
      valueStart = out.length;
      out.text(JSON.stringify(row.cells));
    }
    this.#take(row.number, keyStart, valueStart, appended?.code ?? null);
    return appended;
  }

  /** Takes a record that is encoded already. `prefix` goes before its value. */
  addEncoded(number: number, key: Uint8Array, prefix: Uint8Array, value: Uint8Array): void {
    const out = this.#out;
    const keyStart = out.length;
    out.raw(key);
    const valueStart = out.length;
    out.raw(prefix);
    out.raw(value);
    this.nextOffset = number;
    this.#take(number, keyStart, valueStart, null);
  }

  #take(number: number, keyStart: number, valueStart: number, fault: SourceFault | null): void {
    this.#records.push({
      offset: number - 1,
      keyStart,
      valueStart,
      valueEnd: this.#out.length,
      fault,
      chain: this.chain,
    });
    this.chain = crc32(this.#out.view(valueStart), this.chain);
  }

  records(): RecordCursor {
    return new FileCursor(this.#records, this.#out.view(), this.#time);
  }
}

interface FileRecord {
  readonly offset: number;
  /** -1: it has none. */
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
