import avro from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../support/any-text.ts';
import { AvroWalker } from '../../src/decode/avro-walker.ts';
import { recordSchema } from '../../src/decode/record-schema.ts';
import { Slots } from '../../src/decode/slots.ts';
import { RecordBlock, type Envelope } from '../../src/warehouse/record-block.ts';
import { binary, readNative, type Block, type Row } from '../simulation/native-reader.ts';

const decimalType = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 };
const avsc = {
  type: 'record',
  name: 'Line',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'count', type: 'int' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'price', type: decimalType },
    { name: 'note', type: ['null', 'string'] },
    { name: 'maybe_count', type: ['int', 'null'] },
    { name: 'maybe_amount', type: ['null', 'long'] },
    { name: 'maybe_price', type: ['null', decimalType] },
    { name: 'tags', type: { type: 'map', values: 'string' } },
  ],
};
const schema = recordSchema(avsc);
const type = avro.Type.forSchema(avsc as avro.Schema);
const types = {
  event_date: 'Date',
  bucket: 'UInt8',
  source: 'String',
  offset: 'UInt64',
  record_time: "Nullable(DateTime64(3, 'UTC'))",
  rules_epoch: 'UInt32',
  id: 'String',
  count: 'Int32',
  at: "DateTime64(6, 'UTC')",
  price: 'Decimal(18, 4)',
  note: 'Nullable(String)',
  maybe_count: 'Nullable(Int32)',
  maybe_amount: 'Nullable(Int64)',
  maybe_price: 'Nullable(Decimal(18, 4))',
  tags: 'Map(String, String)',
};

interface Line {
  readonly id: string;
  readonly count: number;
  readonly at: number;
  readonly price: bigint;
  readonly note: string | null;
  readonly maybe_count: number | null;
  readonly maybe_amount: number | null;
  readonly maybe_price: bigint | null;
  readonly tags: Readonly<Record<string, string>>;
}

const text = fc.oneof(
  anyText({ maxLength: 20 }),
  fc.constantFrom('', 'x'.repeat(127), 'x'.repeat(128), 'é'.repeat(200)),
);
const long = fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 });
const price = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const line: fc.Arbitrary<Line> = fc.record({
  id: text,
  count: fc.integer(),
  at: long,
  price,
  // Mostly null, so that nulls come before, between and after the values, or nothing else does.
  note: fc.option(text, { freq: 1 }),
  maybe_count: fc.option(fc.integer(), { freq: 1 }),
  maybe_amount: fc.option(long, { freq: 1 }),
  maybe_price: fc.option(price, { freq: 1 }),
  tags: fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      text,
      { maxKeys: 3 },
    ),
  ),
});
const envelope: fc.Arbitrary<Envelope> = fc.record({
  source: fc.constantFrom('topic/0', 'topic/1@2', binary('file:ü.csv')),
  offset: fc.oneof(fc.nat(), fc.constant(2 ** 52)),
  recordTime: fc.constantFrom(-1, 0, 1_772_000_000_123),
  day: fc.integer({ min: 0, max: 65_535 }),
  bucket: fc.nat(63),
});
const rows = fc.array(fc.tuple(line, envelope), { maxLength: 12 });

test('a block read back is the records that were put in', () => {
  fc.assert(
    fc.property(rows, (put) => {
      expect(rowsIn(filled(put))).toEqual(put.map(([one, where]) => rowOf(one, where)));
    }),
    { numRuns: 80 },
  );
});

test('a column that is empty in all rows is left out, and no other', () => {
  fc.assert(
    fc.property(rows, (put) => {
      const pieces = Buffer.concat(filled(put).pieces());
      if (put.length === 0) {
        expect(pieces).toHaveLength(0);
        return;
      }
      const optional = ['note', 'maybe_count', 'maybe_amount', 'maybe_price'] as const;
      const empty: string[] = optional.filter((name) => put.every(([one]) => one[name] === null));
      if (put.every(([one]) => Object.keys(one.tags).length === 0)) empty.push('tags');
      const there = Object.entries(types).filter(([name]) => !empty.includes(name));
      expect(readNative(pieces)[0]!.types).toEqual(Object.fromEntries(there));
    }),
    { numRuns: 80 },
  );
});

test('a block that was cleared is as good as new, whatever it held before', () => {
  fc.assert(
    fc.property(rows, rows, (before, put) => {
      const block = filled(before);
      block.pieces();
      block.clear();
      expect(block.rows).toBe(0);
      expect(block.bytes).toBe(0);
      expect(block.pieces()).toEqual([]);
      for (const [one, where] of put) append(block, one, where);
      expect(rowsIn(block)).toEqual(put.map(([one, where]) => rowOf(one, where)));
    }),
  );
});

test('a null before the first value, between two, and after the last', () => {
  const notes = [null, null, 'a', null, '', null];
  const put = notes.map((note, offset): [Line, Envelope] => [
    { ...plain, note, tags: note === null ? {} : { k: note } },
    { ...home, offset },
  ]);
  const read = rowsIn(filled(put));
  expect(read.map((row) => row['note'])).toEqual(notes);
  expect(read.map((row) => row['tags'])).toEqual([[], [], [['k', 'a']], [], [['k', '']], []]);
});

test('thousands of rows, and values of a megabyte', () => {
  const block = new RecordBlock(schema, 7, false);
  const long = 'ü'.repeat(500_000);
  for (let offset = 0; offset < 5000; offset++) {
    append(block, { ...plain, id: String(offset) }, { ...home, offset });
  }
  append(block, { ...plain, id: long, note: long, tags: { [long]: long } }, home);
  const read = rowsIn(block);
  expect(read).toHaveLength(5001);
  expect(read[4321]).toMatchObject({ id: '4321', offset: 4321, note: null });
  const wide = binary(long);
  expect(read.at(-1)).toMatchObject({ id: wide, note: wide, tags: [[wide, wide]] });
});

test('what was handed over to be written is not touched by another block', () => {
  const first = filled([[{ ...plain, id: 'first' }, home]]);
  const pieces = first.pieces();
  const copy = Buffer.concat(pieces);
  const second = filled([[{ ...plain, id: 'other' }, home]]);
  second.pieces();
  expect(Buffer.concat(pieces)).toEqual(copy);
});

test('late rows say by how many days', () => {
  const block = new RecordBlock(schema, 7, true);
  append(block, plain, home, 3);
  append(block, plain, home, 65_535);
  expect(rowsIn(block).map((row) => row['days_late'])).toEqual([3, 65_535]);
});

const plain: Line = {
  id: 'x',
  count: -1,
  at: 5,
  price: 0n,
  note: null,
  maybe_count: null,
  maybe_amount: null,
  maybe_price: null,
  tags: {},
};
const home: Envelope = { source: 'topic/0', offset: 0, recordTime: -1, day: 1, bucket: 2 };

function filled(put: readonly (readonly [Line, Envelope])[]): RecordBlock {
  const block = new RecordBlock(schema, 7, false);
  for (const [one, where] of put) append(block, one, where);
  return block;
}

function append(block: RecordBlock, one: Line, where: Envelope, daysLate?: number): void {
  const bytes = type.toBuffer({
    ...one,
    price: shortest(one.price),
    maybe_price: one.maybe_price === null ? null : shortest(one.maybe_price),
  });
  const slots = new Slots(schema.fields.length);
  expect(new AvroWalker(schema).walk(bytes, 0, bytes.length, slots)).toBeNull();
  block.append(slots, where, daysLate);
  // The fetch buffer is used again for the next fetch.
  bytes.fill(0xee);
}

/** The fewest bytes of two's complement, as Avro writes a decimal. */
function shortest(value: bigint): Buffer {
  let bytes = 1;
  while (BigInt.asIntN(8 * bytes, value) !== value) bytes++;
  const hex = BigInt.asUintN(8 * bytes, value).toString(16);
  return Buffer.from(hex.padStart(2 * bytes, '0'), 'hex');
}

function rowsIn(block: RecordBlock): readonly Row[] {
  const blocks: Block[] = readNative(Buffer.concat(block.pieces()));
  const missing = {
    note: null,
    maybe_count: null,
    maybe_amount: null,
    maybe_price: null,
    tags: [],
  };
  return blocks.flatMap((one) => one.rows.map((row) => ({ ...missing, ...row })));
}

function rowOf(one: Line, { source, offset, recordTime, day, bucket }: Envelope): Row {
  const number = (value: bigint): number | bigint =>
    Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return {
    ...one,
    event_date: day,
    bucket,
    source,
    offset,
    record_time: recordTime === -1 ? null : recordTime,
    rules_epoch: 7,
    id: binary(one.id),
    price: number(one.price),
    note: one.note === null ? null : binary(one.note),
    maybe_price: one.maybe_price === null ? null : number(one.maybe_price),
    tags: Object.entries(one.tags).map(([key, value]) => [binary(key), binary(value)]),
  };
}
