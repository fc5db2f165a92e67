/**
 * A process dies with rows stored that no line tells of, and before anybody goes on its log is another
 * one: in a real ClickHouse the lines, the rows and the user-days agree all the same.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeInLogs } from '../../src/processor/log-run.ts';
import type { Processor } from '../../src/processor/processor.ts';
import type { LogBounds } from '../../src/sources/source.ts';
import { ClickHouseStore } from '../../src/warehouse/clickhouse-store.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import {
  event,
  MONDAY,
  rulesWith,
  schemas,
  stream,
  valueOf,
} from '../streams/app-event-samples.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { batchOf, processorWith, type LogRecord } from './in-memory.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

class Killed extends Error {
  readonly retryable = false;
}

type IsLast = (line: ProgressLine) => boolean;

/** Stores everything up to a line: its process is dead by then. */
class DyingStore extends ClickHouseStore {
  isDead: IsLast = () => false;

  override async writeProgress(lines: readonly ProgressLine[]): Promise<void> {
    if (lines.some(this.isDead)) throw new Killed('kill -9');
    await super.writeProgress(lines);
  }
}

const never: IsLast = () => false;
const beyond =
  (offset: number): IsLast =>
  (line) =>
    line.nextOffset > offset;

/** Events of one user, who is named like the log, with these ids; `!`: no event at all. */
function records(user_id: string, ids: readonly string[]): LogRecord[] {
  return ids.map((id, offset) => ({
    offset,
    time: MONDAY / 1000 + 86_400_000,
    value: id === '!' ? Buffer.from('!') : valueOf(event({ event_id: id, user_id })),
  }));
}

async function withProcessor(isDead: IsLast, work: (processor: Processor) => Promise<void>) {
  const store = new DyingStore(ch.client);
  store.isDead = isDead;
  const surroundings = { rules: rulesWith({ lookbackDays: 2 }), store, schemas };
  await using processor = processorWith({ ...surroundings, onFatal: () => {} });
  await work(processor);
}

function takeInFile(name: string, ids: readonly string[], isDead = never): Promise<void> {
  return withProcessor(isDead, (processor) =>
    takeInLogs({
      logs: [
        {
          name,
          async *read() {
            await Promise.resolve();
            // As one: what is stored when the first line is written must not depend on how fast that is.
            yield batchOf(records(name, ids));
          },
        },
      ],
      assign: (_, options) => processor.assign(stream, options),
      signal: new AbortController().signal,
    }),
  );
}

function takeInTopic(
  log: string,
  ids: readonly string[],
  { first = 0, isDead = never }: { first?: number; isDead?: IsLast } = {},
): Promise<void> {
  return withProcessor(isDead, async (processor) => {
    const bounds: LogBounds = { first, end: ids.length };
    const assignment = processor.assign(stream, { log });
    const start = await assignment.start(() => Promise.resolve(bounds));
    const held = records(log, ids).slice(Math.max(start, first));
    for (const batch of [held.slice(0, 2), held.slice(2)]) {
      if (batch.length > 0) await assignment.push(batchOf(batch));
      await assignment.settle();
    }
  });
}

/** The line and what it must agree with. */
async function state(source: string): Promise<unknown> {
  const [row] = await ch.rows(`
    SELECT
      next_offset AS next,
      accepted,
      invalid,
      skipped,
      (SELECT count() FROM events WHERE source = '${source}') AS events,
      (SELECT count() FROM rejected_events WHERE source = '${source}') AS rejected,
      (SELECT sum(events) FROM user_day_rows FINAL WHERE source = '${source}') AS of_days
    FROM source_progress
    WHERE source = '${source}'`);
  return row;
}

test('a file that was changed beyond the line of a run that was killed is read anew, and nothing is left uncounted', async () => {
  const name = 'file:changed.csv';
  await expect(takeInFile(name, ['a', 'b', '!', 'c', 'd'], beyond(0))).rejects.toThrow('kill -9');
  await takeInFile(name, ['a', 'b', '!', 'X', 'd', 'e']);
  expect(await state(name)).toEqual({
    next: 5,
    accepted: 4,
    invalid: 1,
    skipped: 0,
    events: 4,
    rejected: 1,
    of_days: 4,
  });
  // `a`, `b` and `d` were accepted before; the row that is no event is refused again.
  expect(await state(`${name}@2`)).toEqual({
    next: 6,
    accepted: 2,
    invalid: 1,
    skipped: 0,
    events: 2,
    rejected: 1,
    of_days: 2,
  });
});

test('who is killed between the last line of a file and the first of the one in its place loses nothing', async () => {
  const name = 'file:killed-twice.csv';
  const changed = ['a', 'X', 'c', 'd'];
  await expect(takeInFile(name, ['a', 'b', 'c'], beyond(0))).rejects.toThrow('kill -9');
  const begins: IsLast = ({ source }) => source === `${name}@2`;
  await expect(takeInFile(name, changed, begins)).rejects.toThrow('kill -9');
  expect(await state(name)).toMatchObject({ next: 3, accepted: 3, events: 3, of_days: 3 });
  await takeInFile(name, changed);
  expect(await state(name)).toMatchObject({ next: 3, accepted: 3, events: 3, of_days: 3 });
  expect(await state(`${name}@2`)).toMatchObject({ next: 4, accepted: 2, events: 2, of_days: 2 });
});

test('a file that became shorter than what a killed run had stored of it is read anew', async () => {
  const name = 'file:shorter.csv';
  await expect(takeInFile(name, ['a', 'b', 'c'], beyond(0))).rejects.toThrow('kill -9');
  await takeInFile(name, ['a', 'b']);
  expect(await state(name)).toMatchObject({ next: 3, accepted: 3, events: 3, of_days: 3 });
  expect(await state(`${name}@2`)).toMatchObject({ next: 2, accepted: 0, events: 0 });
});

test('a file that is as it was when its run was killed is gone on with', async () => {
  const name = 'file:same.csv';
  await expect(takeInFile(name, ['a', '!', 'b', 'a', 'c'], beyond(0))).rejects.toThrow('kill -9');
  await takeInFile(name, ['a', '!', 'b', 'a', 'c', 'd']);
  expect(await state(name)).toMatchObject({
    next: 6,
    accepted: 4,
    invalid: 1,
    rejected: 1,
    of_days: 4,
  });
  expect(await state(`${name}@2`)).toBeUndefined();
});

test('a topic that was recreated after a processor was killed leaves no row uncounted', async () => {
  const log = 'recreated/0';
  await expect(takeInTopic(log, ['a', 'b', 'c', '!', 'd'], { isDead: beyond(2) })).rejects.toThrow(
    'kill -9',
  );
  await takeInTopic(log, ['n']);
  expect(await state(log)).toEqual({
    next: 5,
    accepted: 4,
    invalid: 1,
    skipped: 0,
    events: 4,
    rejected: 1,
    of_days: 4,
  });
  expect(await state(`${log}@2`)).toMatchObject({ next: 1, accepted: 1, events: 1, of_days: 1 });
});

test('of records that retention took before they were counted, what is stored is counted', async () => {
  const log = 'trimmed/0';
  await expect(takeInTopic(log, ['a', 'b', 'c', '!', 'a'], { isDead: beyond(2) })).rejects.toThrow(
    'kill -9',
  );
  await takeInTopic(log, ['a', 'b', 'c', '!', 'a', 'x', 'y', 'z'], { first: 7 });
  // Nothing tells what became of the offsets 4, 5 and 6.
  expect(await state(log)).toEqual({
    next: 8,
    accepted: 4,
    invalid: 1,
    skipped: 3,
    events: 4,
    rejected: 1,
    of_days: 4,
  });
});
