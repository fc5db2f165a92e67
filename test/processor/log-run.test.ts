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
    mostRows: 1_000,
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
