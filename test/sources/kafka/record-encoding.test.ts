import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord } from '../../../src/sources/kafka/record-encoding.ts';
import { encodeRecords } from '../../support/kafka-batches.ts';

const field = fc.option(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  { nil: null },
);

test('a record is written as the format says', () => {
  fc.assert(
    fc.property(
      fc.record({
        offsetDelta: fc.nat(),
        timestampDelta: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
        key: field,
        value: field,
        headers: fc.dictionary(fc.string(), field, { maxKeys: 3 }),
      }),
      ({ headers, ...record }) => {
        const list = Object.entries(headers).map(([key, value]) => ({ key, value }));
        expect(encodeRecord({ ...record, headers })).toEqual(
          encodeRecords([{ ...record, headers: list }]),
        );
      },
    ),
  );
});

test('a header with several values comes several times, and text is UTF-8', () => {
  const key = 'schlüssel';
  expect(encodeRecord({ key, value: 'ß', headers: { a: ['1', '2'], b: undefined } })).toEqual(
    encodeRecords([
      {
        offsetDelta: 0,
        key: Buffer.from(key),
        value: Buffer.from('ß'),
        headers: [
          { key: 'a', value: Buffer.from('1') },
          { key: 'a', value: Buffer.from('2') },
          { key: 'b', value: null },
        ],
      },
    ]),
  );
});
