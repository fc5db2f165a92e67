import avro from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../support/any-text.ts';
import type { Rules } from '../../src/streams/rules.ts';
import { binary, type Row } from '../simulation/native-reader.ts';
import { confluent } from '../simulation/writer-schemas.ts';
import { DAY, MONDAY, rulesWith } from '../streams/app-event-samples.ts';
import {
  batchOf,
  MemoryDeadLetters,
  MemoryWarehouse,
  processorWith,
  type LogRecord,
} from './in-memory.ts';
import { avsc, payments, paymentTables } from './toy-stream.ts';

const type = avro.Type.forSchema(avsc as avro.Schema);
const rules = rulesWith({ lookbackDays: 2 });
const LOG = 'payments/0';
const TODAY = MONDAY / DAY;

interface Payment {
  readonly payment_id: string;
  readonly customer_id: string;
  readonly paid_at: number;
  readonly quantity: number;
  readonly amount: Buffer;
  readonly memo: string | null;
  readonly tip: number | null;
  readonly labels: Readonly<Record<string, string>>;
}

function payment(payment_id: string, given: Partial<Payment> = {}): Payment {
  return {
    payment_id,
    customer_id: 'ann',
    paid_at: MONDAY,
    quantity: 1,
    amount: Buffer.from([0x30, 0x39]),
    memo: null,
    tip: null,
    labels: {},
    ...given,
  };
}

test('accepted payments are kept as they are, and summed per customer and day', async () => {
  const world = worldOf();
  await world.run([
    payment('1', { quantity: 2, tip: 5, memo: 'thänks', labels: { a: 'b' }, paid_at: MONDAY + 7 }),
    payment('2', { quantity: 3, customer_id: 'Zoë' }),
    payment('3', { quantity: 40, tip: -1 }),
    payment('4', { quantity: 1, paid_at: MONDAY + DAY }),
  ]);
  expect(world.customerDays()).toEqual([
    [TODAY, 'ann', 2, 42, 4, MONDAY],
    [TODAY, binary('Zoë'), 1, 3, 0, MONDAY],
    [TODAY + 1, 'ann', 1, 1, 0, MONDAY + DAY],
  ]);
  expect(world.store.rows('payment_rows')[0]).toMatchObject({
    event_date: TODAY,
    source: LOG,
    offset: 0,
    record_time: null,
    rules_epoch: rules.epoch,
    payment_id: '1',
    customer_id: 'ann',
    paid_at: MONDAY + 7,
    quantity: 2,
    amount: 12_345,
    memo: binary('thänks'),
    tip: 5,
    labels: [['a', 'b']],
  });
});

test('a payment sent again is counted once, in the same batch and in a later one', async () => {
  const world = worldOf();
  await world.run([payment('1'), payment('2'), payment('1')], [payment('2'), payment('3')]);
  expect(world.customerDays()).toEqual([[TODAY, 'ann', 3, 3, 0, MONDAY]]);
  expect(world.line()).toMatchObject({ accepted: 3, duplicate: 2, nextOffset: 5 });
});

test('late, future and invalid payments go to their tables, and the last two to the dead letters', async () => {
  const world = worldOf();
  const now = MONDAY / 1000;
  await world.runRecords([
    record(0, payment('1', { paid_at: MONDAY + 3 * DAY }), { time: now + 3 * 86_400_000 }),
    record(1, payment('2', { paid_at: MONDAY })),
    record(2, payment('3', { paid_at: MONDAY + 1 * DAY })),
    record(3, payment('4', { paid_at: MONDAY + 600_000_001 }), { time: now }),
    record(4, payment('5', { quantity: -1, tip: 3, memo: 'ü' })),
    { offset: 5, value: null, key: Buffer.from('gone') },
    { offset: 6, value: Buffer.alloc(0) },
    { offset: 7, value: Buffer.from('not avro') },
    { offset: 8, value: confluent(9, Buffer.alloc(0)) },
    { offset: 9, value: valueOf(payment('6')).subarray(0, -1) },
  ]);
  expect(world.store.rows('late_payment_rows')).toMatchObject([
    { offset: 1, days_late: 3, payment_id: '2' },
  ]);
  expect(world.store.rows('rejected_payment_rows')).toMatchObject([
    { offset: 3, outcome: 'future', reason: 'future_event' },
    { offset: 4, outcome: 'invalid', reason: 'miles_negative' },
    { offset: 5, outcome: 'invalid', reason: 'empty_value', key: 'gone', bytes: null, fields: '' },
    { offset: 6, outcome: 'invalid', reason: 'empty_value', key: null, bytes: '' },
    { offset: 7, outcome: 'invalid', reason: 'not_confluent_avro', bytes: 'not avro' },
    { offset: 8, outcome: 'invalid', reason: 'unknown_schema_id' },
    { offset: 9, outcome: 'invalid', reason: 'truncated' },
  ]);
  const fields = world.store.rows('rejected_payment_rows')[1]!['fields'] as string;
  expect(JSON.parse(Buffer.from(fields, 'latin1').toString())).toEqual({
    paid_at: MONDAY,
    labels: {},
    quantity: -1,
    memo: 'ü',
    payment_id: '5',
    amount: '1.2345',
    customer_id: 'ann',
    tip: 3,
  });
  expect(world.deadLetters.letters.map(({ offset }) => offset)).toEqual([3, 4, 5, 6, 7, 8, 9]);
  expect(world.line()).toMatchObject({ accepted: 2, late: 1, future: 1, invalid: 6, duplicate: 0 });
});

test('after a restart the days are loaded again, and what was accepted before is a duplicate', async () => {
  const world = worldOf();
  await world.run([payment('1', { quantity: 5, tip: 7 }), payment('2', { paid_at: MONDAY + DAY })]);
  expect(world.store.loads).toEqual([]);
  await world.run([payment('1'), payment('3', { quantity: 10, paid_at: MONDAY + 1 })]);
  expect(world.store.loads).toMatchObject([
    { table: 'payment_rows', days: [TODAY], before: 2, columns: payments.foldFields },
  ]);
  expect(world.customerDays()).toEqual([
    [TODAY, 'ann', 2, 15, 7, MONDAY],
    [TODAY + 1, 'ann', 1, 1, 0, MONDAY + DAY],
  ]);
  expect(world.line()).toMatchObject({ accepted: 3, duplicate: 1, nextOffset: 4 });
});

test('in a restart without old days nothing is loaded', async () => {
  const world = worldOf();
  await world.run([payment('1')]);
  await world.run([
    payment('1', { paid_at: MONDAY + DAY }),
    payment('2', { paid_at: MONDAY + DAY }),
  ]);
  expect(world.store.loads).toEqual([]);
  expect(world.line()).toMatchObject({ accepted: 3 });
});

test('with room for one user-day only, everything is loaded again and again and nothing is lost', async () => {
  const roomy = worldOf();
  const tight = worldOf(1);
  const batches = Array.from({ length: 30 }, (_, batch) =>
    Array.from({ length: 5 }, (_unused, n) =>
      payment(`${batch - (n === 0 ? 1 : 0)}-${n}`, {
        customer_id: `c${(batch * 7 + n) % 11}`,
        paid_at: MONDAY + ((batch + n) % 3) * DAY + batch,
        quantity: batch,
      }),
    ),
  );
  await roomy.run(...batches);
  await tight.run(...batches);
  expect(roomy.store.loads).toEqual([]);
  expect(tight.store.loads.length).toBeGreaterThan(10);
  expect(tight.customerDays()).toEqual(roomy.customerDays());
  const counts = ({ lastChecksum: _, ...line }: object & { lastChecksum?: unknown }): object =>
    line;
  expect(counts(tight.line())).toEqual(counts(roomy.line()));
});

test('any order, cut, repetition, restart and bound gives the same customer-days', async () => {
  const drawn = fc.uniqueArray(
    fc.record({
      id: fc.oneof(anyText({ minLength: 1, maxLength: 5 }), fc.constant('x'.repeat(200))),
      customer: fc.constantFrom('ann', 'bob', 'Zoë', ''),
      day: fc.nat(2),
      micro: fc.nat(3),
      quantity: fc.nat(2 ** 31 - 1),
      tip: fc.option(fc.integer()),
    }),
    { maxLength: 25, selector: ({ id, customer, day }) => JSON.stringify([id, customer, day]) },
  );
  const ways = drawn.chain((list) =>
    fc.record({
      list: fc.constant(list),
      order: fc.shuffledSubarray([...list, ...list.slice(0, 8)], {
        minLength: list.length + Math.min(8, list.length),
      }),
      batch: fc.integer({ min: 2, max: 9 }),
      restart: fc.integer({ min: 2, max: 9 }),
      room: fc.constantFrom(0, 1, 3, 1000),
    }),
  );
  await fc.assert(
    fc.asyncProperty(ways, async ({ list, order, batch, restart, room }) => {
      const world = worldOf(room);
      const sent = order.map(({ id, customer, day, micro, quantity, tip }) =>
        payment(id, { customer_id: customer, paid_at: MONDAY + day * DAY + micro, quantity, tip }),
      );
      const batches = chunks(sent, batch);
      for (const some of chunks(batches, restart)) await world.run(...some);
      const wanted = new Map<string, [number, string, number, number, number, number]>();
      for (const { customer, day, micro, quantity, tip } of list) {
        const key = `${day} ${customer}`;
        const at = MONDAY + day * DAY + micro;
        const held = wanted.get(key) ?? [TODAY + day, binary(customer), 0, 0, 0, at];
        held[2]++;
        held[3] += quantity;
        held[4] += tip ?? 0;
        held[5] = Math.min(held[5], at);
        wanted.set(key, held);
      }
      const byText = (rows: readonly unknown[]): string[] =>
        rows.map((row) => JSON.stringify(row)).sort((a, b) => (a < b ? -1 : 1));
      expect(byText(world.customerDays())).toEqual(byText([...wanted.values()]));
    }),
    { numRuns: 10 },
  );
});

function chunks<T>(items: readonly T[], size: number): T[][] {
  const cut: T[][] = [];
  for (let at = 0; at < items.length; at += size) cut.push(items.slice(at, at + size));
  return cut;
}

function worldOf(cachedUserDays = 1000, ofRules: Rules = rules) {
  const store = new MemoryWarehouse(paymentTables);
  const deadLetters = new MemoryDeadLetters();
  let offset = 0;
  const line = (): object => store.tables.line(LOG)!;
  /** One life of a process: starts, takes the batches in, stores all, ends. */
  async function live(batches: readonly (readonly LogRecord[])[]): Promise<void> {
    await using processor = processorWith({
      rules: ofRules,
      store,
      deadLetters,
      schemas: {
        schema: (id) => Promise.resolve(id === 2 ? JSON.stringify(avsc) : undefined),
      },
      limits: { pendingRows: 1000, pendingBytes: 1_000_000, cachedUserDays },
    });
    const assignment = processor.assign(payments, { log: LOG });
    const end = batches.flat().at(-1)?.offset ?? offset;
    await assignment.start(async () => ({ first: 0, end: end + 1 }));
    for (const batch of batches) {
      await assignment.push(batchOf(batch));
      // Only what is written can be evicted.
      await assignment.settle();
    }
    assignment.abandon();
  }
  return {
    store,
    deadLetters,
    line,
    run: (...batches: readonly Payment[][]) =>
      live(batches.map((batch) => batch.map((sent) => record(offset++, sent)))),
    runRecords: (...batches: readonly LogRecord[][]) => live(batches),
    customerDays: () =>
      store
        .rows('customer_day_rows')
        .map((row: Row) =>
          ['event_date', 'customer_id', 'payments', 'quantity', 'tips', 'first_paid_at'].map(
            (name) => row[name],
          ),
        ),
  };
}

function record(offset: number, sent: Payment, more: Partial<LogRecord> = {}): LogRecord {
  return { offset, value: valueOf(sent), key: Buffer.from(sent.customer_id), ...more };
}

function valueOf(sent: Payment): Buffer {
  return confluent(2, type.toBuffer(sent));
}
