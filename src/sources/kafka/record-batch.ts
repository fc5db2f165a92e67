/**
 * The Kafka batches of one fetch of one partition in, a cursor over their records out. The records
 * are walked where they lie; only compressed batches are copied, one at a time.
 */
import type { RecordBatch, RecordCursor, RecordHeader, SourceFault } from '../source.ts';
import * as header from './batch-header.ts';
import { CODEC, decompress } from './compression.ts';
import { readRecordHeaders } from './record-headers.ts';
import { TooLargeError } from './too-large-error.ts';

/** How large one batch may become when it is decompressed, in bytes. */
export const DEFAULT_MAX_BATCH_BYTES = 64 * 2 ** 20;

const NOTHING = Buffer.alloc(0);

export class KafkaRecordBatch implements RecordBatch {
  readonly nextOffset: number;
  readonly #batches: readonly Buffer[];
  readonly #maxBatchBytes: number;

  /** `batches` are whole Kafka record batches (or messages of the formats before), in offset order. */
  constructor(
    batches: readonly Buffer[],
    nextOffset: number,
    maxBatchBytes: number = DEFAULT_MAX_BATCH_BYTES,
  ) {
    this.#batches = batches;
    this.nextOffset = nextOffset;
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** Compressed batches are decompressed anew by every walk, so that only one is held at a time. */
  records(): RecordCursor {
    return new KafkaRecordCursor(this.#batches, this.#maxBatchBytes);
  }

  /** Bytes as they were fetched. */
  get byteLength(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.length, 0);
  }
}

class KafkaRecordCursor implements RecordCursor {
  offset = -1;
  time = -1;
  bytes: Buffer = NOTHING;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  fault: SourceFault | null = null;
  readonly chain = 0;

  readonly #batches: readonly Buffer[];
  readonly #maxBatchBytes: number;
  #batchIndex = 0;
  /** Records that the current batch still holds by its header. */
  #remaining = 0;
  #position = 0;
  #headersStart = 0;
  #end = 0;
  #firstOffset = 0;
  #lastOffset = 0;
  /** The time of the first record when they have times of their own, of all records otherwise. */
  #batchTime = -1;
  #hasOwnTimes = false;

  constructor(batches: readonly Buffer[], maxBatchBytes: number) {
    this.#batches = batches;
    this.#maxBatchBytes = maxBatchBytes;
  }

  next(): boolean {
    while (this.#remaining === 0) {
      const batch = this.#batches[this.#batchIndex++];
      if (batch === undefined) return false;
      if (this.#open(batch)) continue;
      return true;
    }
    if (this.fault !== null) {
      this.#unreadable(NOTHING, 0, 0);
      return true;
    }
    const start = this.#position;
    const length = this.#varint();
    const recordEnd = this.#position + length;
    this.#position++; // The attributes of a record: Kafka defines none.
    const timestampDelta = this.#varint();
    const offset = this.#firstOffset + this.#varint();
    const keyLength = this.#varint();
    const keyStart = this.#position;
    if (keyLength > 0) this.#position = keyStart + keyLength;
    const valueLength = this.#varint();
    const valueStart = this.#position;
    const valueEnd = valueLength > 0 ? valueStart + valueLength : valueStart;
    const sound =
      length > 0 &&
      recordEnd <= this.#end &&
      valueEnd < recordEnd && // At least the count of headers follows.
      keyLength >= -1 &&
      valueLength >= -1 &&
      offset > this.offset &&
      offset <= this.#lastOffset;
    if (!sound) {
      this.fault = 'batch_undecodable';
      this.#unreadable(this.bytes, start, this.#end);
      return true;
    }
    this.#remaining--;
    this.offset = offset;
    this.time = this.#hasOwnTimes
      ? Math.max(-1, this.#batchTime + timestampDelta)
      : this.#batchTime;
    this.keyStart = keyLength < 0 ? -1 : keyStart;
    this.keyEnd = keyLength < 0 ? -1 : keyStart + keyLength;
    this.valueStart = valueLength < 0 ? -1 : valueStart;
    this.valueEnd = valueLength < 0 ? -1 : valueEnd;
    this.#headersStart = valueEnd;
    this.#position = recordEnd;
    return true;
  }

  headers(): readonly RecordHeader[] {
    if (this.fault !== null) return [];
    return readRecordHeaders(this.bytes, this.#headersStart, this.#position);
  }

  /** False when the batch could not be opened: the cursor is then on the first unreadable record. */
  #open(batch: Buffer): boolean {
    this.fault = null;
    this.#firstOffset = header.firstOffset(batch);
    this.offset = this.#firstOffset - 1;
    if (header.magic(batch, 0) !== 2) {
      this.#lastOffset = this.#firstOffset;
      this.#remaining = 1;
      this.#batchTime = -1;
      this.fault = 'batch_undecodable';
      this.#unreadable(batch, 0, batch.length);
      return false;
    }
    this.#lastOffset = header.lastOffset(batch);
    this.#remaining = Math.min(
      Math.max(0, header.recordCount(batch)),
      this.#lastOffset - this.#firstOffset + 1,
    );
    this.#hasOwnTimes = !header.hasLogAppendTime(batch) && header.firstTimestamp(batch) >= 0;
    this.#batchTime = header.hasLogAppendTime(batch)
      ? header.maxTimestamp(batch)
      : header.firstTimestamp(batch);
    const codec = header.codec(batch);
    if (codec === CODEC.none) {
      this.bytes = batch;
      this.#position = header.BATCH_HEADER_BYTES;
    } else if (this.#remaining > 0) {
      try {
        const compressed = batch.subarray(header.BATCH_HEADER_BYTES);
        this.bytes = decompress(codec, compressed, this.#maxBatchBytes);
        this.#position = 0;
      } catch (error) {
        this.fault = error instanceof TooLargeError ? 'batch_too_large' : 'batch_undecodable';
        this.#unreadable(batch, 0, batch.length);
        return false;
      }
    }
    this.#end = this.bytes.length;
    return true;
  }

  /** Moves to the next offset that the batch claims; its value is what could be read of the rest. */
  #unreadable(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.offset++;
    this.time = Math.max(-1, this.#batchTime);
    this.keyStart = -1;
    this.keyEnd = -1;
    this.valueStart = start;
    this.valueEnd = end;
    this.#remaining = Math.min(this.#remaining - 1, this.#lastOffset - this.offset);
  }

  /** A zigzag varint of up to ten bytes; not a sensible number when the bytes are none. */
  #varint(): number {
    const bytes = this.bytes;
    let byte = bytes[this.#position++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = byte & 0x7f;
    let shift = 7;
    while (shift < 28) {
      byte = bytes[this.#position++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
      shift += 7;
    }
    let scale = 2 ** 28;
    for (; shift < 70; shift += 7) {
      byte = bytes[this.#position++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return Number.NaN;
  }
}
