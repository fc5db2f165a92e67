import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyText } from '../support/any-text.ts';
import { recordSchema } from '../../src/decode/record-schema.ts';
import { RowBinaryReader } from '../../src/decode/row-binary.ts';
import { Slots } from '../../src/decode/slots.ts';
import { binary, writeRowBinary } from '../simulation/native-reader.ts';

const schema = recordSchema({
  type: 'record',
  name: 'R',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'left_out', type: 'string' },
    { name: 'note', type: ['null', 'string'] },
    { name: 'count', type: 'int' },
    { name: 'amount', type: ['null', 'long'] },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
  ],
});

test('rows that ClickHouse sends are read back, in any order of the fields', () => {
  const types: Record<string, string> = {
    id: 'String',
    note: 'Nullable(String)',
    count: 'Int32',
    amount: 'Nullable(Int64)',
    at: "DateTime64(6, 'UTC')",
  };
  const row = fc.record({
    id: fc.oneof(anyText({ maxLength: 9 }), fc.constant('é'.repeat(200))),
    note: fc.option(fc.string({ maxLength: 9 })),
    count: fc.integer(),
    amount: fc.option(fc.maxSafeInteger()),
    at: fc.maxSafeInteger(),
  });
  const order = fc.shuffledSubarray(Object.keys(types), { minLength: 5 });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), order, (rows, names) => {
      const cells = rows.flatMap((one) =>
        names.map((name) => {
          const value = one[name as keyof typeof one];
          return writeRowBinary(types[name]!, typeof value === 'string' ? binary(value) : value);
        }),
      );
      const reader = new RowBinaryReader(schema, names, Buffer.concat(cells));
      const slots = new Slots(schema.fields.length);
      for (const one of rows) {
        expect(reader.next(slots)).toBe(true);
        expect(slots.text(0)).toBe(one.id);
        expect(slots.isNull(2) ? null : slots.text(2)).toBe(one.note);
        expect(slots.number[3]).toBe(one.count);
        expect(slots.isNull(4) ? null : slots.number[4]).toBe(one.amount);
        expect(slots.number[5]).toBe(one.at);
      }
      expect(reader.next(slots)).toBe(false);
    }),
    { numRuns: 50 },
  );
});
