/**
 * In: the records of a log. Out: fetches as a broker cuts them: anywhere, beginning before the offset
 * that was asked for, all in one buffer that is never the same again.
 */
import type {
  LogBounds,
  RecordBatch,
  RecordCursor,
  RecordHeader,
} from '../../src/sources/source.ts';
import type { LogRecord } from './log.ts';
import type { Random } from './random.ts';

export class MemoryLog {
  /** Its name, `topic/partition`, under which there may have been others before. */
  readonly log: string;
  /** What its records are known by: the name, and which log under this name it is. */
  readonly source: string;
  readonly records: readonly LogRecord[];
  #first: number;
  #visible = 0;

  constructor(log: string, generation: number, records: readonly LogRecord[]) {
    this.log = log;
    this.source = generation === 1 ? log : `${log}@${generation}`;
    this.records = records;
    this.#first = records[0]?.offset ?? 0;
  }

  /** What a consumer sees: the first offset that is kept, and the end of what was produced so far. */
  get bounds(): LogBounds {
    const last = this.records[this.#visible - 1];
    return {
      first: this.#first,
      end: Math.max(this.#first, last === undefined ? 0 : last.offset + 1),
    };
  }

  get complete(): boolean {
    return this.#visible === this.records.length;
  }

  /** Whether nothing is left in it, or ever was. */
  get isEmpty(): boolean {
    return this.records.every((record) => record.offset < this.#first);
  }

  /** Producers go on. */
  produce(count: number): void {
    this.#visible = Math.min(this.records.length, this.#visible + count);
  }

  /** Drops the records below an offset. */
  trim(offset: number): void {
    this.#first = Math.max(this.#first, offset);
  }

  /** Some records from an offset on, in some seeds a few before it; undefined at the end of the log. */
  fetch(offset: number, most: number, random: Random): MemoryBatch | undefined {
    const from = random.chance(0.1) ? offset - random.int(1, 30) : offset;
    const there = this.records
      .slice(0, this.#visible)
      .filter((record) => record.offset >= Math.max(from, this.#first));
    if (there.every((record) => record.offset < offset)) return undefined;
    const old = there.filter((record) => record.offset < offset).length;
    const cut = there.slice(0, old + random.int(1, most));
    const next = there[cut.length]?.offset ?? this.bounds.end;
    const last = cut.at(-1)?.offset ?? 0;
    // Control records and holes after the last record belong to the batch or not.
    return new MemoryBatch(cut, random.chance(0.5) ? next : last + 1);
  }
}

export class MemoryBatch implements RecordBatch {
  readonly nextOffset: number;
  readonly #records: readonly LogRecord[];
  readonly #bytes: Buffer;

  constructor(records: readonly LogRecord[], nextOffset: number) {
    this.nextOffset = nextOffset;
    this.#records = records;
    // Other bytes between the records: whoever reads too far reads nonsense.
    const gap = Buffer.from([0xaa]);
    this.#bytes = Buffer.concat(
      records.flatMap(({ key, value }) => [gap, key ?? gap, gap, value ?? gap]),
    );
  }

  /** Whoever still reads from it afterwards gets nonsense. */
  release(): void {
    this.#bytes.fill(0xee);
  }

  records(): RecordCursor {
    return new MemoryCursor(this.#records, this.#bytes);
  }
}

class MemoryCursor implements RecordCursor {
  readonly chain = 0;
  readonly bytes: Buffer;
  readonly #records: readonly LogRecord[];
  #index = -1;
  #at = 0;
  keyStart = -1;
  keyEnd = -1;
  valueStart = -1;
  valueEnd = -1;

  constructor(records: readonly LogRecord[], bytes: Buffer) {
    this.#records = records;
    this.bytes = bytes;
  }

  next(): boolean {
    const record = this.#records[++this.#index];
    if (record === undefined) return false;
    [this.keyStart, this.keyEnd] = this.#place(record.key);
    [this.valueStart, this.valueEnd] = this.#place(record.value);
    return true;
  }

  get offset(): number {
    return this.#current.offset;
  }

  get time(): number {
    return this.#current.time;
  }

  get fault(): LogRecord['fault'] {
    return this.#current.fault;
  }

  headers(): readonly RecordHeader[] {
    return this.#current.headers;
  }

  get #current(): LogRecord {
    const record = this.#records[this.#index];
    if (record === undefined) throw new Error('the cursor stands on no record');
    return record;
  }

  #place(part: Buffer | null): [start: number, end: number] {
    const start = this.#at + 1;
    this.#at = start + (part?.length ?? 1);
    return part === null ? [-1, -1] : [start, this.#at];
  }
}
