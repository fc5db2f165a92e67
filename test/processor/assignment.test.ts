import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Rules } from '../../src/streams/rules.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import { distinctEvents } from '../fold/event-arbitrary.ts';
import { canonical, modelRows } from '../fold/fold-events.ts';
import type { SentEvent } from '../simulation/log.ts';
import { appEventTables } from '../simulation/memory-tables.ts';
import { confluent } from '../simulation/writer-schemas.ts';
import {
  DAY,
  event,
  MONDAY,
  rulesWith,
  schemas,
  stream,
  valueOf,
} from '../streams/app-event-samples.ts';
import {
  batchOf,
  MemoryDeadLetters,
  MemoryWarehouse,
  patientClock,
  processorWith,
  type LogRecord,
} from './in-memory.ts';

const LOG = 'topic/0';
const rules = rulesWith();

test('any cut into batches, any order and any repetition gives the rows of the definitions', async () => {
  const ways = distinctEvents.chain((events) =>
    fc.record({
      events: fc.constant(events),
      order: fc.shuffledSubarray([...events, ...events.slice(0, 10)], {
        minLength: events.length + Math.min(10, events.length),
      }),
      sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 10 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(ways, async ({ events, order, sizes }) => {
      const store = new MemoryWarehouse(appEventTables);
      const log = order.map((sent, offset) => ({ offset, value: valueOf(sent) }));
      const batches: LogRecord[][] = [];
      while (log.length > 0) {
        batches.push(log.splice(0, sizes[batches.length % sizes.length]));
      }
      await process(store, batches);
      const rows = store.rows('user_day_rows').map((row) => JSON.stringify(canonical(row), names));
      const wanted = [...modelRows(events, rules).values()].map((row) =>
        JSON.stringify(row, names),
      );
      expect(rows.toSorted(byText)).toEqual(wanted.toSorted(byText));
      expect(store.rows('events_rows')).toHaveLength(events.length);
    }),
    { numRuns: 30 },
  );
});

test('what is behind the lookback is late, to the day and in the time zone of the rules', async () => {
  const zone = rulesWith({ timezone: 'America/New_York', lookbackDays: 1 });
  // Midnight in New York in March, before the clocks change.
  const midnight = MONDAY + 5 * 3_600_000_000;
  const store = new MemoryWarehouse(appEventTables);
  const times = [midnight + 2 * DAY, midnight + DAY, midnight + DAY - 1, midnight - 1];
  const records = times.map((event_time, offset) => ({
    offset,
    value: valueOf(event({ event_id: `${offset}`, event_time })),
  }));
  await process(store, [records], zone);
  expect(store.rows('events_rows').map((row) => row['offset'])).toEqual([0, 1]);
  const late = store.rows('late_events_rows').map((row) => [row['offset'], row['days_late']]);
  expect(late).toEqual([
    [2, 2],
    [3, 3],
  ]);
});

test('the outcomes are decided in the order invalid, future, late, duplicate, accepted', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const first = event({ event_time: MONDAY + 10 * DAY });
  const now = (MONDAY + 10 * DAY) / 1000;
  const old = event({ event_id: 'old', event_time: MONDAY });
  const values: [SentEvent, number][] = [
    [first, now],
    [{ ...first, event_type: 'No' }, 0], // invalid, future and a duplicate
    [first, now - 600_001], // future and a duplicate
    [first, now - 600_000], // as far ahead as it may be: a duplicate
    [old, 0], // future and late
    [old, now], // late
    [first, now],
  ];
  const records = values.map(([sent, time], offset) => ({ offset, time, value: valueOf(sent) }));
  await process(store, [records]);
  expect(store.tables.line(LOG)).toMatchObject({
    accepted: 1,
    duplicate: 2,
    late: 1,
    future: 2,
    invalid: 1,
    nextOffset: 7,
    watermark: first.event_time,
  });
});

test('only accepted events move the watermark, and a record without a time is never future', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const ahead = event({ event_id: 'b', event_time: MONDAY + 9 * DAY });
  await process(store, [
    [
      { offset: 0, value: valueOf(event()), time: MONDAY / 1000 },
      { offset: 1, value: valueOf(ahead), time: MONDAY / 1000 },
      { offset: 2, value: valueOf({ ...ahead, miles_amount: 5 }) },
    ],
  ]);
  expect(store.tables.line(LOG)).toMatchObject({ future: 1, invalid: 1, watermark: MONDAY });
  await process(store, [[{ offset: 3, value: valueOf(ahead) }]]);
  expect(store.tables.line(LOG)).toMatchObject({ accepted: 2, watermark: ahead.event_time });
});

test('an event of the last day of dates or of the first is stored on its day', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const times = [Date.UTC(1980, 0, 1) * 1000, 65_535 * DAY - 1];
  const records = times.map((event_time, offset) => ({
    offset,
    value: valueOf(event({ event_time })),
  }));
  await process(store, [records]);
  const days = store.rows('user_day_rows').map((row) => row['event_date']);
  expect(days).toEqual([3652, 65_534]);
});

test('while the registry is down known schemas go on and an unknown one waits; it is not invalid', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const clock = patientClock();
  const lines: ProgressLine[] = [];
  let asked = 0;
  let isUp = false;
  const registry = {
    schema: (id: number): Promise<string | undefined> => {
      if (id === 1) return schemas.schema(1);
      asked++;
      if (isUp) return schemas.schema(1);
      return Promise.reject(Object.assign(new Error('no registry'), { retryable: true }));
    },
  };
  await using processor = processorWith({ rules, store, schemas: registry, clock });
  const reader = (log: string) =>
    processor.assign(stream, { log, onCommitted: (line) => lines.push(line) });
  const [waiting, other] = [reader(LOG), reader('topic/1')];
  for (const one of [waiting, other]) await one.start(async () => ({ first: 0, end: 9 }));

  const body = valueOf(event({ event_id: 'new writer' })).subarray(5);
  const pushed = waiting.push(
    batchOf([
      { offset: 0, value: valueOf(event()) },
      { offset: 1, value: confluent(77, body) },
      { offset: 2, value: valueOf(event({ event_id: 'after' })) },
    ]),
  );
  await other.push(batchOf([{ offset: 0, value: valueOf(event()) }]));
  await other.settle();
  // What came before the unknown schema is stored; what comes after it waits behind it.
  await waiting.settle();
  expect(store.tables.line(LOG)).toMatchObject({ nextOffset: 1, accepted: 1, invalid: 0 });
  while (asked < 20) await new Promise(setImmediate);
  expect(store.tables.line(LOG)).toMatchObject({ nextOffset: 1 });
  isUp = true;
  await pushed;
  await waiting.settle();
  expect(store.tables.line(LOG)).toMatchObject({ nextOffset: 3, accepted: 3, invalid: 0 });
  // Waits grow from 0.1 s to 10 s, each between half and the whole of that.
  const waits = clock.slept.slice(0, 20);
  waits.forEach((wait, tries) => {
    const whole = Math.min(100 * 2 ** tries, 10_000);
    expect(wait).toBeGreaterThanOrEqual(whole / 2);
    expect(wait).toBeLessThanOrEqual(whole);
  });
  for (const one of [waiting, other]) one.abandon();
});

test('letting go of a source that waits for the registry ends its push', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const registry = {
    schema: () => Promise.reject(Object.assign(new Error('no registry'), { retryable: true })),
  };
  await using processor = processorWith({ rules, store, schemas: registry });
  const failures: unknown[] = [];
  const reader = processor.assign(stream, { log: LOG, onFailure: (error) => failures.push(error) });
  await reader.start(async () => ({ first: 0, end: 1 }));
  const pushed = reader.push(batchOf([{ offset: 0, value: valueOf(event()) }]));
  reader.abandon();
  await expect(pushed).rejects.toMatchObject({ code: 'abandoned' });
  await expect(reader.settle()).rejects.toMatchObject({ code: 'abandoned' });
  expect(failures).toEqual([]);
});

test('a registry that says no for a reason of its own ends the assignment after three tries', async () => {
  const store = new MemoryWarehouse(appEventTables);
  let asked = 0;
  const registry = {
    schema: () => {
      asked++;
      return Promise.reject(new Error('401'));
    },
  };
  await using processor = processorWith({ rules, store, schemas: registry });
  const failures: unknown[] = [];
  const reader = processor.assign(stream, { log: LOG, onFailure: (error) => failures.push(error) });
  await reader.start(async () => ({ first: 0, end: 1 }));
  const pushed = reader.push(batchOf([{ offset: 0, value: valueOf(event()) }]));
  await expect(pushed).rejects.toThrow('401');
  expect([asked, failures.length]).toEqual([3, 1]);
  expect(store.tables.line(LOG)?.nextOffset ?? 0).toBe(0);
});

test('refused records keep their key, headers and bytes in the dead letters', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const deadLetters = new MemoryDeadLetters();
  const headers = [{ key: 'trace', value: Buffer.from([0, 255]) }];
  const key = Buffer.from([0xff, 0]);
  const value = Buffer.alloc(100, 7);
  await process(store, [[{ offset: 5, time: 9, key, value, headers }]], rules, deadLetters);
  expect(deadLetters.letters).toEqual([
    {
      stream: 'app-events',
      source: LOG,
      offset: 5,
      time: 9,
      outcome: 'invalid',
      reason: 'not_confluent_avro',
      key,
      value,
      headers,
    },
  ]);
});

test('ten years of days and 3,650 users in one batch are stored', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const records = Array.from({ length: 3650 }, (_, offset) => ({
    offset,
    value: valueOf(
      event({
        event_id: String(offset),
        user_id: `u${offset}`,
        event_time: MONDAY + offset * DAY,
      }),
    ),
  }));
  await process(store, [records], rulesWith({ lookbackDays: Infinity }));
  expect(store.rows('user_day_rows')).toHaveLength(3650);
});

test('3,000 events of one user and day are loaded in any order and come out the same', async () => {
  const store = new MemoryWarehouse(appEventTables);
  const records = Array.from({ length: 3000 }, (_, offset) => ({
    offset,
    value: valueOf(
      event({ event_id: String(offset), event_time: MONDAY + ((offset * 7919) % 3000) }),
    ),
  }));
  await process(store, [records]);
  await process(store, [[{ offset: 3000, value: valueOf(event({ event_id: 'last' })) }]]);
  expect(store.loads).toHaveLength(1);
  const [row] = store.rows('user_day_rows');
  expect(row).toMatchObject({
    events: 3001,
    first_event_at: MONDAY,
    last_event_at: MONDAY + 2999,
  });
});

async function process(
  store: MemoryWarehouse,
  batches: readonly (readonly LogRecord[])[],
  ofRules: Rules = rules,
  deadLetters = new MemoryDeadLetters(),
): Promise<void> {
  await using processor = processorWith({ rules: ofRules, store, schemas, deadLetters });
  const assignment = processor.assign(stream, { log: LOG });
  await assignment.start(async () => ({
    first: 0,
    end: (batches.at(-1)?.at(-1)?.offset ?? 0) + 1,
  }));
  for (const batch of batches) await assignment.push(batchOf(batch));
  await assignment.settle();
  assignment.abandon();
}

/** Names in one order, and whole numbers of any size. */
function names(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => byText(a, b)));
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
