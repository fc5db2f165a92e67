import { expect, test } from 'vitest';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import { appEventTables } from '../simulation/memory-tables.ts';
import { event, rulesWith, schemas, stream, valueOf } from '../streams/app-event-samples.ts';
import { batchOf, MemoryDeadLetters, MemoryWarehouse, processorWith } from './in-memory.ts';

test('a log of which everything is stored already is said to be stored up to its end', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const records = [0, 1, 2].map((offset) => ({
    offset,
    value: valueOf(event({ event_id: `${offset}` })),
  }));
  const bounds = () => Promise.resolve({ first: 0, end: records.length });
  const deadLetters = new MemoryDeadLetters();
  const surroundings = { rules: rulesWith(), store, schemas, deadLetters };
  for (let time = 1; time <= 2; time++) {
    await using processor = processorWith(surroundings);
    const committed: ProgressLine[] = [];
    const assignment = processor.assign(stream, {
      log: 'topic/0',
      onCommitted: (line) => committed.push(line),
    });
    const from = await assignment.start(bounds);
    await assignment.push(batchOf(records.slice(from)));
    await assignment.settle();
    assignment.abandon();
    expect(committed.at(-1)?.nextOffset).toBe(records.length);
  }
});
