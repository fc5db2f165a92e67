/**
 * One partition: a file of record batches, one after the other as they were acknowledged. In: batches.
 * Out: ranges of them, by offset. Every call is done when it returns: what was appended is with the
 * operating system and survives the death of this process, but not a power failure.
 */
import { closeSync, ftruncateSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import * as header from '../../sources/kafka/batch-header.ts';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';
import { LogIndex } from './log-index.ts';
import { ProducerSequences } from './producer-sequences.ts';
import { faultOf, isSound, producerOf, stamp } from './record-batch.ts';

export interface Appended {
  readonly code: Code;
  /** Of the first record; -1 when nothing was appended. */
  readonly offset: number;
  /** Milliseconds since 1970; -1 when nothing was appended. */
  readonly time: number;
}

const WINDOW_BYTES = 256 * 1024;

export class PartitionLog {
  readonly #file: number;
  readonly #index = new LogIndex();
  readonly #sequences = new ProducerSequences();
  readonly #watchers = new Set<() => void>();
  #size = 0;
  #end = 0;
  #lastTime = 0;

  /** Reads the headers of the whole file; a batch at its end that is not whole is cut off. */
  constructor(path: string) {
    this.#file = openSync(path, 'a+');
    this.#recover();
  }

  /** The offset after the last record. The first record of a log has offset 0. */
  get end(): number {
    return this.#end;
  }

  append(records: Buffer, maxBytes: number): Appended {
    const code = faultOf(records, maxBytes);
    if (code !== CODE.none) return { code, offset: -1, time: -1 };
    const producer = producerOf(records);
    const sequence = this.#sequences.check(producer);
    if (sequence.kind === 'refused') return { code: sequence.code, offset: -1, time: -1 };
    if (sequence.kind === 'repeat') return { code: CODE.none, offset: sequence.offset, time: -1 };
    const offset = this.#end;
    // A clock that is set back must not make the log go back.
    const time = Math.max(Date.now(), this.#lastTime);
    stamp(records, offset, time);
    if (!this.#write(records)) return { code: CODE.storageError, offset: -1, time: -1 };
    this.#take(records, records.length);
    for (const watcher of this.#watchers) watcher();
    return { code: CODE.none, offset, time };
  }

  #write(records: Buffer): boolean {
    try {
      for (let at = 0; at < records.length;) at += writeSync(this.#file, records, at);
      return true;
    } catch (error) {
      process.stderr.write(`a log could not be written: ${String(error)}\n`);
      ftruncateSync(this.#file, this.#size);
      return false;
    }
  }

  /** `batch` is at least the header of what has been written at the end. */
  #take(batch: Buffer, size: number): void {
    this.#lastTime = header.maxTimestamp(batch);
    this.#index.add({ offset: this.#end, position: this.#size, time: this.#lastTime });
    this.#sequences.add(producerOf(batch), this.#end);
    this.#end = header.lastOffset(batch) + 1;
    this.#size += size;
  }

  /** How many bytes there are from the batch with this offset on. */
  bytesFrom(offset: number): number {
    return offset >= this.#end ? 0 : this.#size - this.#positionOf(offset);
  }

  /**
   * Whole batches from the one with this offset on: at most `maxBytes` of them, or, when that is less
   * than a batch, one or none as `atLeastOne` says.
   */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer {
    if (offset >= this.#end) return Buffer.alloc(0);
    const start = this.#positionOf(offset);
    let end = this.#size;
    if (end - start > maxBytes) {
      end = this.#index.lastPositionUpTo(start + maxBytes);
      if (end <= start) {
        const first = header.batchSize(this.#bytes(start, header.BATCH_HEADER_BYTES), 0);
        if (first > maxBytes && !atLeastOne) return Buffer.alloc(0);
        end = start + first;
      }
    }
    return this.#bytes(start, end - start);
  }

  /** The first record that was appended at or after a time; undefined when there is none. */
  offsetAtTime(time: number): { readonly offset: number; readonly time: number } | undefined {
    const { position } = this.#index.before(time, 'time');
    for (const batch of this.#headers(position)) {
      const appended = header.maxTimestamp(batch);
      if (appended >= time) return { offset: header.firstOffset(batch), time: appended };
    }
    return undefined;
  }

  /** Calls `watcher` after every append until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  close(): void {
    closeSync(this.#file);
    for (const watcher of this.#watchers) watcher();
  }

  #positionOf(offset: number): number {
    let { position } = this.#index.before(offset + 1, 'offset');
    for (const batch of this.#headers(position)) {
      if (header.lastOffset(batch) >= offset) break;
      position += header.batchSize(batch, 0);
    }
    return position;
  }

  #bytes(position: number, size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size);
    let filled = 0;
    while (filled < size) {
      const read = readSync(this.#file, bytes, filled, size - filled, position + filled);
      if (read === 0) throw new Error(`a log ends at ${position + filled}: its file was cut short`);
      filled += read;
    }
    return bytes;
  }

  /** The headers of the batches from a position on, each valid until the next is asked for. */
  *#headers(from: number, size = this.#size): Generator<Buffer> {
    let window: Buffer = Buffer.alloc(0);
    let start = from;
    for (let at = from; at + header.BATCH_HEADER_BYTES <= size;) {
      if (at + header.BATCH_HEADER_BYTES > start + window.length) {
        // A small window first: most often the batch that is looked for is near.
        const wanted = at === from ? LogIndex.SPACING_BYTES : WINDOW_BYTES;
        window = this.#bytes(at, Math.min(wanted + header.BATCH_HEADER_BYTES, size - at));
        start = at;
      }
      const batch = window.subarray(at - start);
      yield batch;
      at += header.batchSize(batch, 0);
    }
  }

  #recover(): void {
    const fileSize = fstatSync(this.#file).size;
    for (const batch of this.#headers(0, fileSize)) {
      const size = header.batchSize(batch, 0);
      const isNext =
        header.magic(batch, 0) === 2 &&
        size >= header.BATCH_HEADER_BYTES &&
        this.#size + size <= fileSize &&
        header.firstOffset(batch) === this.#end;
      if (!isNext) break;
      if (this.#size + size === fileSize && !isSound(this.#bytes(this.#size, size))) break;
      this.#take(batch, size);
    }
    if (this.#size < fileSize) ftruncateSync(this.#file, this.#size);
  }
}
