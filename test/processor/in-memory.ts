/** A processor's surroundings in memory, without faults: records in a list, tables, a clock that does not wait. */
import { noObserver } from '../../src/processor/observer.ts';
import type { Clock, DeadLetter, DeadLetterQueue } from '../../src/processor/ports.ts';
import { Processor, type ProcessorOptions } from '../../src/processor/processor.ts';
import { RecordList } from '../../src/sources/record-list.ts';
import type { RecordBatch, RecordHeader } from '../../src/sources/source.ts';
import type { AcceptedQuery, ProgressLine, Store } from '../../src/warehouse/store.ts';
import { MemoryTables, type TableShape } from '../simulation/memory-tables.ts';
import { writeRowBinary, type Row } from '../simulation/native-reader.ts';

export interface LogRecord {
  readonly offset: number;
  readonly value: Buffer | null;
  readonly key?: Buffer | null;
  /** Milliseconds since 1970; without one the record carries none. */
  readonly time?: number;
  readonly headers?: readonly RecordHeader[];
}

/** One fetch, all records in one buffer. */
export function batchOf(records: readonly LogRecord[]): RecordBatch {
  return RecordList.of(
    records.map((record) => ({ ...record, key: record.key ?? null, time: record.time ?? -1 })),
  );
}

/** Tables that always work; `loads` tells what was read back. */
export class MemoryWarehouse implements Store {
  readonly tables: MemoryTables;
  readonly loads: AcceptedQuery[] = [];

  constructor(shapes: Readonly<Record<string, TableShape>>) {
    this.tables = new MemoryTables(shapes);
  }

  rows(table: string): Row[] {
    return this.tables.rows(table);
  }

  readProgress(stream: string, log: string): Promise<ProgressLine | undefined> {
    return Promise.resolve(this.tables.newestLine(stream, log));
  }

  writeProgress(lines: readonly ProgressLine[]): Promise<void> {
    for (const line of lines) this.tables.putLine(line);
    return Promise.resolve();
  }

  insert(table: string, blocks: readonly Uint8Array[]): Promise<void> {
    this.tables.put(table, this.tables.parse(table, Buffer.concat(blocks)).flat());
    return Promise.resolve();
  }

  readAccepted(query: AcceptedQuery): Promise<Buffer> {
    this.loads.push(query);
    const { columns } = this.tables.shapes[query.table]!;
    const rows = this.rows(query.table).filter(
      (row) =>
        query.days.includes(Number(row['event_date'])) &&
        query.buckets.includes(Number(row['bucket'])) &&
        row['source'] === query.source &&
        Number(row['offset']) < query.before,
    );
    // In another order than they were stored.
    const cells = rows
      .toReversed()
      .flatMap((row) =>
        query.columns.map((name) => writeRowBinary(columns[name]!, row[name] ?? null)),
      );
    return Promise.resolve(Buffer.concat(cells));
  }

  /** Of no use where another source really has accepted something. */
  readAcceptedElsewhere({ table, source }: AcceptedQuery): Promise<Buffer> {
    if (this.rows(table).every((row) => row['source'] === source)) {
      return Promise.resolve(Buffer.alloc(0));
    }
    return Promise.reject(new Error('no source was to look at another here'));
  }

  readOutdated(): Promise<[]> {
    return Promise.resolve([]);
  }

  readAhead(): Promise<[]> {
    return Promise.resolve([]);
  }

  removeOutdated(): Promise<void> {
    return Promise.resolve();
  }
}

export class MemoryDeadLetters implements DeadLetterQueue {
  readonly letters: DeadLetter[] = [];

  send(letters: readonly DeadLetter[]): Promise<void> {
    this.letters.push(...letters);
    return Promise.resolve();
  }
}

/** Time passes only by sleeping, which takes none. */
export function patientClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
      await new Promise(setImmediate);
      signal?.throwIfAborted();
    },
  };
}

type Given = Partial<ProcessorOptions> & Pick<ProcessorOptions, 'rules' | 'store' | 'schemas'>;

export function processorWith(options: Given): Processor {
  return new Processor({
    deadLetters: new MemoryDeadLetters(),
    observer: noObserver,
    limits: { pendingRows: 1000, pendingBytes: 1_000_000, cachedUserDays: 1000 },
    commitIntervalMs: 0,
    clock: patientClock(),
    warn: () => {},
    onFatal: (error) => {
      throw error;
    },
    ...options,
  });
}
