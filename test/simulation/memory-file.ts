/**
 * In: records. Out: a file of them as the product reads files, row by row from the first, and what may
 * happen to a file between two readings.
 */
import { FileBatch } from '../../src/sources/file/file-batch.ts';
import type { LogRecord } from './log.ts';
import type { Random } from './random.ts';

const NOTHING = Buffer.alloc(0);

export class MemoryFile {
  readonly name: string;
  #records: readonly LogRecord[];

  constructor(name: string, records: readonly LogRecord[]) {
    this.name = name;
    this.#records = asRows(records);
  }

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  /** `time`: when it was first read, the time of all its records. */
  readAt(time: number): readonly LogRecord[] {
    return this.#records.map((record) => ({ ...record, time }));
  }

  /** The rows in batches of at most so many. */
  *batches(time: number, most: number): Generator<FileBatch> {
    let batch = new FileBatch(time, { nextOffset: 0, chain: 0, capacity: 64 });
    for (const { offset, key, value } of this.#records) {
      batch.addEncoded(offset + 1, key ?? NOTHING, NOTHING, value ?? NOTHING);
      if (batch.size < most) continue;
      yield batch;
      batch = new FileBatch(time, batch);
    }
    if (batch.size > 0) yield batch;
  }

  /** Somebody writes to it: appends, replaces rows or cuts some off. `fresh`: rows that it may get. */
  rewrite(random: Random, fresh: readonly LogRecord[]): string {
    const records = [...this.#records];
    const how = random.pick(['grown', 'changed', 'changed', 'shortened', 'cut and grown'] as const);
    const some = fresh.slice(0, random.int(1, 30));
    const cut = random.int(1, Math.max(1, records.length - 1));
    if (how === 'changed' && some[0] !== undefined) {
      records[random.int(0, records.length - 1)] = some[0];
    }
    if (how === 'shortened' || how === 'cut and grown') records.length = cut;
    if (how === 'grown' || how === 'cut and grown') records.push(...some);
    this.#records = asRows(records);
    return how;
  }
}

function asRows(records: readonly LogRecord[]): LogRecord[] {
  const rows = records.filter(({ value, fault }) => value !== null && fault === null);
  return rows.map((record, offset) => ({
    ...record,
    offset,
    key: record.key ?? NOTHING,
    headers: [],
  }));
}
