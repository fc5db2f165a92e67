/**
 * A stream that has nothing in common with app events but the machinery: payments of customers, summed
 * and counted per customer and day, with a decimal, an int, a map and fields that may be null.
 */
import { recordSchema } from '../../src/decode/record-schema.ts';
import type { Slots } from '../../src/decode/slots.ts';
import type { EntityDay, FactWriter } from '../../src/fold/unit.ts';
import type { AggregateRows, Interpreter, Stream } from '../../src/streams/stream.ts';
import { nativeColumn } from '../../src/warehouse/native-block.ts';
import type { TableShape } from '../simulation/memory-tables.ts';

export const avsc = {
  type: 'record',
  name: 'Payment',
  fields: [
    { name: 'paid_at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'labels', type: { type: 'map', values: 'string' } },
    { name: 'quantity', type: 'int' },
    { name: 'memo', type: ['string', 'null'] },
    { name: 'payment_id', type: 'string' },
    {
      name: 'amount',
      type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 },
    },
    { name: 'customer_id', type: 'string' },
    { name: 'tip', type: ['null', 'long'] },
  ],
};

const schema = recordSchema(avsc);
const [paidAt, quantity, tip] = ['paid_at', 'quantity', 'tip'].map((name) =>
  schema.index(name),
) as [number, number, number];

export const payments: Stream = {
  name: 'payments',
  schema,
  stored: schema,
  tables: {
    accepted: 'payment_rows',
    aggregates: 'customer_day_rows',
    late: 'late_payment_rows',
    rejected: 'rejected_payment_rows',
  },
  entity: 'customer_id',
  id: 'payment_id',
  time: 'paid_at',
  foldFields: ['tip', 'quantity', 'customer_id', 'payment_id', 'paid_at'],
  interpreter: () => new PaymentInterpreter(),
};

class PaymentInterpreter implements Interpreter {
  readonly stride = 3;

  check(slots: Slots): 'miles_negative' | null {
    // A stream's reasons are in the one list of all; this one will do.
    return slots.number[quantity]! < 0 ? 'miles_negative' : null;
  }

  checkRemoval(): 'empty_value' {
    return 'empty_value';
  }

  reduce(slots: Slots, { facts }: FactWriter, at: number): void {
    facts[at] = slots.number[paidAt]!;
    facts[at + 1] = slots.number[quantity]!;
    facts[at + 2] = slots.isNull(tip) ? 0 : slots.number[tip]!;
  }

  rows(): AggregateRows {
    const columns = [
      nativeColumn('payments', 'UInt32'),
      nativeColumn('quantity', 'Int64'),
      nativeColumn('tips', 'Int64'),
      nativeColumn('first_paid_at', MICROS),
    ] as const;
    return {
      columns,
      write: ({ facts, stride, events, count }: EntityDay) => {
        const of = (event: number, fact: number): number => facts[event * stride + fact]!;
        const all = [...events.subarray(0, count)];
        const sum = (fact: number): number =>
          all.reduce((total, event) => total + of(event, fact), 0);
        columns[0].sinks[0]!.uint32(count);
        columns[1].sinks[0]!.int64(sum(1));
        columns[2].sinks[0]!.int64(sum(2));
        columns[3].sinks[0]!.int64(of(events[0]!, 0));
      },
    };
  }

  takeListings(): null {
    return null;
  }
}

const MICROS = "DateTime64(6, 'UTC')";
const place = {
  event_date: 'Date',
  bucket: 'UInt8',
  source: 'String',
  offset: 'UInt64',
  record_time: "Nullable(DateTime64(3, 'UTC'))",
  rules_epoch: 'UInt32',
} as const;
const record = {
  paid_at: MICROS,
  labels: 'Map(String, String)',
  quantity: 'Int32',
  memo: 'Nullable(String)',
  payment_id: 'String',
  amount: 'Decimal(18, 4)',
  customer_id: 'String',
  tip: 'Nullable(Int64)',
} as const;

export const paymentTables: Readonly<Record<string, TableShape>> = {
  payment_rows: {
    key: ['event_date', 'customer_id', 'payment_id', 'source'],
    columns: { ...place, ...record },
  },
  customer_day_rows: {
    key: ['event_date', 'customer_id', 'source'],
    version: 'version',
    columns: {
      event_date: 'Date',
      bucket: 'UInt8',
      customer_id: 'String',
      source: 'String',
      version: 'UInt64',
      payments: 'UInt32',
      quantity: 'Int64',
      tips: 'Int64',
      first_paid_at: MICROS,
    },
  },
  late_payment_rows: {
    key: ['source', 'offset'],
    columns: { ...place, ...record, days_late: 'UInt16' },
  },
  rejected_payment_rows: {
    key: ['source', 'offset'],
    columns: {
      stream: 'String',
      source: 'String',
      offset: 'UInt64',
      record_time: place.record_time,
      rules_epoch: place.rules_epoch,
      outcome: 'String',
      reason: 'String',
      key: 'Nullable(String)',
      bytes: 'Nullable(String)',
      fields: 'String',
    },
  },
};
