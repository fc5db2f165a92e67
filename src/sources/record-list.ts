/** Records one by one in, a batch for the processor out. */
import type { RecordBatch, RecordCursor, RecordHeader, SourceFault } from './source.ts';

export interface ListedRecord {
  readonly offset: number;
  /** Milliseconds since 1970; -1: it has none. */
  readonly time: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fault?: SourceFault | null;
  /** A checksum of all records before it, where the source can tell. */
  readonly chain?: number;
  readonly headers?: readonly RecordHeader[];
}

/** A batch that is filled, and then read. All keys and values come to lie in one buffer. */
export class RecordList implements RecordBatch {
  /** Where reading goes on: at least after the last record. */
  nextOffset: number;
  readonly #places: Place[] = [];
  readonly #parts: Buffer[] = [];
  #length = 0;
  #bytes: Buffer | null = null;

  constructor(firstOffset = 0) {
    this.nextOffset = firstOffset;
  }

  static of(records: Iterable<ListedRecord>): RecordList {
    const list = new RecordList();
    for (const record of records) list.add(record);
    return list;
  }

  get size(): number {
    return this.#places.length;
  }

  add({ offset, time, key, value, fault, chain, headers }: ListedRecord): void {
    const keyStart = this.#append(key);
    const keyEnd = key === null ? -1 : this.#length;
    const valueStart = this.#append(value);
    const valueEnd = value === null ? -1 : this.#length;
    this.#places.push({
      offset,
      time,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      fault: fault ?? null,
      chain: chain ?? 0,
      headers: headers ?? [],
    });
    this.nextOffset = offset + 1;
  }

  records(): RecordCursor {
    this.#bytes ??= Buffer.concat(this.#parts, this.#length);
    return new ListCursor(this.#places, this.#bytes);
  }

  #append(bytes: Buffer | null): number {
    if (bytes === null) return -1;
    const start = this.#length;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return start;
  }
}

interface Place {
  readonly offset: number;
  readonly time: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly fault: SourceFault | null;
  readonly chain: number;
  readonly headers: readonly RecordHeader[];
}

class ListCursor implements RecordCursor {
  readonly bytes: Buffer;
  offset = -1;
  time = -1;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;
  fault: SourceFault | null = null;
  chain = 0;
  readonly #places: readonly Place[];
  #at = -1;

  constructor(places: readonly Place[], bytes: Buffer) {
    this.#places = places;
    this.bytes = bytes;
  }

  next(): boolean {
    const place = this.#places[++this.#at];
    if (place === undefined) return false;
    this.offset = place.offset;
    this.time = place.time;
    this.keyStart = place.keyStart;
    this.keyEnd = place.keyEnd;
    this.valueStart = place.valueStart;
    this.valueEnd = place.valueEnd;
    this.fault = place.fault;
    this.chain = place.chain;
    return true;
  }

  headers(): readonly RecordHeader[] {
    return this.#places[this.#at]?.headers ?? [];
  }
}
