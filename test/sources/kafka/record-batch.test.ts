import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitBatches, withoutAborted } from '../../../src/sources/kafka/opaque-batches.ts';
import { KafkaRecordBatch } from '../../../src/sources/kafka/record-batch.ts';
import { COMPRESSIONS, encodeBatch, encodeRecords } from '../../support/kafka-batches.ts';
import type { BatchRecord } from '../../support/kafka-batches.ts';

const MIB = 2 ** 20;

function read(batches: readonly Buffer[], maxBatchBytes = MIB) {
  const cursor = new KafkaRecordBatch(batches, 0, maxBatchBytes).records();
  const records = [];
  while (cursor.next()) {
    const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
    records.push({
      offset: cursor.offset,
      time: cursor.time,
      key: keyStart < 0 ? null : Buffer.from(bytes.subarray(keyStart, keyEnd)),
      value: valueStart < 0 ? null : Buffer.from(bytes.subarray(valueStart, valueEnd)),
      fault: cursor.fault,
      headers: cursor.headers().map(({ key, value }) => ({
        key,
        value: value && Buffer.from(value),
      })),
    });
  }
  return records;
}

const record = (offsetDelta: number, value: string): BatchRecord => ({
  offsetDelta,
  key: null,
  value: Buffer.from(value),
});
const three = [record(0, 'one'), record(1, 'two'), record(2, 'three')];

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const nullable = fc.option(bytes, { nil: null });
const records = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 300 }),
      timestampDelta: fc.integer({ min: -1_000, max: 2 ** 40 }),
      key: nullable,
      value: nullable,
      headers: fc.array(fc.record({ key: fc.string(), value: nullable }), { maxLength: 3 }),
    }),
    { maxLength: 50 },
  )
  .map((list) => {
    let offsetDelta = -1;
    return list.map(({ gap, ...rest }) => ({ ...rest, offsetDelta: (offsetDelta += gap) }));
  });

test.each(Object.entries(COMPRESSIONS))(
  'records come out of a batch as they went in: %s',
  (_, { codec, compress }) => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 3 }), (lists) => {
        const batches = lists.map((list, i) =>
          encodeBatch(
            list,
            { firstOffset: i * 1e9, firstTimestamp: 1.7e12, attributes: codec },
            compress(encodeRecords(list)),
          ),
        );
        expect(read(batches)).toEqual(
          lists.flatMap((list, i) =>
            list.map(({ offsetDelta, timestampDelta, key, value, headers }) => ({
              offset: i * 1e9 + offsetDelta,
              time: 1.7e12 + timestampDelta,
              key,
              value,
              fault: null,
              headers,
            })),
          ),
        );
      }),
      { numRuns: 50 },
    );
  },
);

test('the time is that of the append where the broker stamps records, and -1 without one', () => {
  const delta = [{ ...record(0, 'x'), timestampDelta: 5 }];
  const times = (firstTimestamp: number, attributes: number) =>
    read([encodeBatch(delta, { firstTimestamp, maxTimestamp: 777, attributes })])[0]!.time;
  expect(times(100, 0)).toBe(105);
  expect(times(100, 8)).toBe(777);
  expect(times(-1, 0)).toBe(-1);
});

test('an empty batch, as compaction leaves it, has no records', () => {
  expect(read([encodeBatch([], { lastOffsetDelta: 9 }), encodeBatch(three)])).toHaveLength(3);
});

test('a batch that cannot be decompressed yields one faulty record per offset, the first with its bytes', () => {
  const batch = encodeBatch(three, { firstOffset: 7, attributes: 1 }, Buffer.from('no gzip'));
  const found = read([batch, encodeBatch(three, { firstOffset: 10 })]);
  expect(found.map(({ offset, fault }) => [offset, fault])).toEqual([
    [7, 'batch_undecodable'],
    [8, 'batch_undecodable'],
    [9, 'batch_undecodable'],
    [10, null],
    [11, null],
    [12, null],
  ]);
  expect(found[0]!.value).toEqual(batch);
  expect(found[1]!.value).toEqual(Buffer.alloc(0));
});

test.each(Object.entries(COMPRESSIONS).filter(([name]) => name !== 'none'))(
  'a decompression bomb is refused without being unpacked: %s',
  (_, { codec, compress }) => {
    const body = encodeRecords([{ offsetDelta: 0, key: null, value: Buffer.alloc(2 * MIB) }]);
    const batch = encodeBatch([], { attributes: codec, recordCount: 1 }, compress(body));
    expect(read([batch]).map(({ offset, fault }) => [offset, fault])).toEqual([
      [0, 'batch_too_large'],
    ]);
    expect(read([batch], 3 * MIB)[0]!.fault).toBeNull();
  },
);

test('a bomb announced by the first bytes is refused: snappy and zstd', () => {
  const snappy = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
  const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 0, 0, 0]);
  for (const [attributes, body] of [
    [2, snappy],
    [4, zstd],
  ] as const) {
    expect(read([encodeBatch([], { attributes, recordCount: 1 }, body)])[0]!.fault).toBe(
      'batch_too_large',
    );
  }
});

test('a broken record leaves those before it whole, and the rest of the batch faulty', () => {
  const body = encodeRecords(three);
  const secondAt = encodeRecords(three.slice(0, 1)).length;
  body[secondAt] = 0xfe; // A length beyond the end.
  body[secondAt + 1] = 0x7f;
  const found = read([encodeBatch(three, {}, body)]);
  expect(found.map(({ offset, fault }) => [offset, fault])).toEqual([
    [0, null],
    [1, 'batch_undecodable'],
    [2, 'batch_undecodable'],
  ]);
  expect(found[1]!.value).toEqual(body.subarray(secondAt));
});

test('a batch of the formats before 2 is refused with its bytes', () => {
  const old = encodeBatch(three, { firstOffset: 5 });
  old.writeInt8(1, 16);
  const found = read([old]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ offset: 5, fault: 'batch_undecodable', value: old });
});

test.each(Object.entries(COMPRESSIONS))(
  'damaged bytes never throw, loop or repeat an offset: %s',
  (_, { codec, compress }) => {
    fc.assert(
      fc.property(
        records,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat({ max: 20 }),
        (list, damage, cut) => {
          const body = compress(encodeRecords(list));
          for (const [at, byte] of damage) if (body.length > 0) body[at % body.length] = byte;
          const kept = body.subarray(0, Math.max(0, body.length - cut));
          const found = read([encodeBatch(list, { attributes: codec }, kept)]);
          expect(found.length).toBeLessThanOrEqual(list.length);
          for (let i = 1; i < found.length; i++) {
            expect(found[i]!.offset).toBeGreaterThan(found[i - 1]!.offset);
          }
          expect(found.at(-1)?.offset ?? 0).toBeLessThanOrEqual(list.at(-1)?.offsetDelta ?? 0);
        },
      ),
      { numRuns: 300 },
    );
  },
);

test('a record set is split into its batches, and one that was cut short is left for the next fetch', () => {
  const batches = [
    encodeBatch(three, { firstOffset: 100 }),
    encodeBatch(three, { firstOffset: 103, attributes: 0x10, producerId: 9 }),
    encodeBatch([{ offsetDelta: 0, key: Buffer.from([0, 0, 0, 0]), value: Buffer.alloc(6) }], {
      firstOffset: 106,
      attributes: 0x30,
      producerId: 9,
    }),
  ];
  const whole = Buffer.concat(batches);
  const split = splitBatches(whole);
  expect(split.map(({ offset, isControlRecord }) => [offset, isControlRecord])).toEqual([
    ['102', false],
    ['105', false],
    ['106', true],
  ]);
  expect(split.map(({ value }) => value)).toEqual(batches);
  expect(split[2]!.key).toEqual(Buffer.from([0, 0, 0, 0]));
  expect(split[1]!.batchContext).toEqual({ producerId: '9', inTransaction: true });
  for (let length = 0; length < whole.length; length++) {
    expect(splitBatches(whole.subarray(0, length)).length).toBeLessThan(3);
  }
});

test('aborted transactions end at their markers, whatever the order of the list', () => {
  const data = (firstOffset: number, producerId: number) =>
    encodeBatch([record(0, 'x')], { firstOffset, producerId, attributes: 0x10 });
  const marker = (firstOffset: number, producerId: number, type: number) =>
    encodeBatch([{ offsetDelta: 0, key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6) }], {
      firstOffset,
      producerId,
      attributes: 0x30,
    });
  const split = splitBatches(
    Buffer.concat([
      data(10, 1),
      data(11, 2),
      marker(12, 1, 0),
      data(13, 1),
      data(14, 2),
      marker(15, 1, 1),
      marker(16, 2, 0),
      data(17, 2),
    ]),
  );
  const kept = withoutAborted(split, [
    { firstOffset: '8', producerId: '2' },
    { firstOffset: '5', producerId: '1' },
  ]);
  expect(
    kept.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => offset),
  ).toEqual(['13', '17']);
});

test('a batch is walked as often as asked', () => {
  const batch = new KafkaRecordBatch(
    [encodeBatch(three, { attributes: 1 }, gzipSync(encodeRecords(three)))],
    3,
  );
  for (let walk = 0; walk < 2; walk++) {
    const cursor = batch.records();
    let count = 0;
    while (cursor.next()) count++;
    expect(count).toBe(3);
  }
  expect(batch.nextOffset).toBe(3);
});
