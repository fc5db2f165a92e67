import { expect, test } from 'vitest';
import { takeInLogs } from '../../src/processor/log-run.ts';
import type { EndingLog } from '../../src/processor/log-run.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import { appEventTables } from '../simulation/memory-tables.ts';
import { rulesWith, schemas, stream } from '../streams/app-event-samples.ts';
import { batchOf, MemoryDeadLetters, MemoryWarehouse, processorWith } from './in-memory.ts';

const NAME = 'file:events.csv';

/** Rows that are no events: what they are does not matter here. */
async function takeIn(store: MemoryWarehouse, rows: readonly string[]): Promise<ProgressLine[]> {
  const surroundings = { rules: rulesWith(), store, schemas };
  await using processor = processorWith({ ...surroundings, deadLetters: new MemoryDeadLetters() });
  const read: ProgressLine[] = [];
  const log: EndingLog = {
    name: NAME,
    async *read(line) {
      read.push(line);
      yield await Promise.resolve(
        batchOf(rows.map((row, offset) => ({ offset, value: Buffer.from(row) }))),
      );
    },
  };
  await takeInLogs({
    logs: [log],
    assign: (_, options) => processor.assign(stream, options),
    signal: new AbortController().signal,
  });
  return read;
}

test.for([
  { how: 'changed', rows: ['{"a":1}', '{"b":2}', '{"c":4}'] },
  { how: 'shortened', rows: ['{"a":1}'] },
])('a file that was $how is read anew, and it is known when that began', async ({ rows }) => {
  const store = new MemoryWarehouse(appEventTables);
  await takeIn(store, ['{"a":1}', '{"b":2}', '{"c":3}']);
  const read = await takeIn(store, rows);
  expect(read.at(-1)).toMatchObject({ source: `${NAME}@2`, nextOffset: 0 });
  for (const line of read) expect(line.lastRecordTime).not.toBeNull();
  expect(store.tables.line(`${NAME}@2`)).toMatchObject({ invalid: rows.length });
});

test('of many logs with few but large records, no more than their bytes may be is held unstored', async () => {
  const LARGE = 200_000;
  const PENDING_BYTES = 1_000_000;
  let [held, most] = [0, 0];
  class SlowWarehouse extends MemoryWarehouse {
    override async insert(table: string, blocks: readonly Uint8Array[]): Promise<void> {
      // Long enough to read all logs meanwhile.
      for (let turn = 0; turn < 300; turn++) await new Promise(setImmediate);
      await super.insert(table, blocks);
      held -= blocks.reduce((sum, { length }) => sum + length, 0);
    }
  }
  const store = new SlowWarehouse(appEventTables);
  await using processor = processorWith({
    rules: rulesWith(),
    store,
    schemas,
    limits: { pendingRows: 1_000, pendingBytes: PENDING_BYTES, cachedUserDays: 1_000 },
  });
  const logs = Array.from({ length: 30 }, (_, number): EndingLog => {
    return {
      name: `file:${number}.csv`,
      async *read() {
        held += LARGE;
        most = Math.max(most, held);
        yield await Promise.resolve(batchOf([{ offset: 0, value: Buffer.alloc(LARGE, '!') }]));
      },
    };
  });
  await takeInLogs({
    logs,
    assign: (_, options) => processor.assign(stream, options),
    signal: new AbortController().signal,
  });
  for (const { name } of logs) expect(store.tables.line(name)).toMatchObject({ invalid: 1 });
  expect(most).toBeLessThanOrEqual(PENDING_BYTES + LARGE);
});

test('a log that cannot be stored ends the run before many more are read', async () => {
  class FullWarehouse extends MemoryWarehouse {
    override insert(): Promise<void> {
      return Promise.reject(Object.assign(new Error('no space'), { retryable: false }));
    }
  }
  const surroundings = { rules: rulesWith(), store: new FullWarehouse(appEventTables), schemas };
  await using processor = processorWith({ ...surroundings, onFatal: () => {} });
  let read = 0;
  const logs = Array.from({ length: 30 }, (_, number): EndingLog => {
    return {
      name: `file:${number}.csv`,
      async *read() {
        read++;
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
        yield batchOf([{ offset: 0, value: Buffer.from('!') }]);
      },
    };
  });
  const run = takeInLogs({
    logs,
    assign: (_, options) => processor.assign(stream, options),
    signal: new AbortController().signal,
  });
  await expect(run).rejects.toThrow('no space');
  expect(read).toBeLessThanOrEqual(2);
});
