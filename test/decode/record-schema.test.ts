import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recordSchema } from '../../src/decode/record-schema.ts';

const folder = join(import.meta.dirname, '../../schemas');

test.each(readdirSync(folder).filter((file) => file.endsWith('.avsc')))(
  'every field of %s can be decoded and stored',
  (file) => {
    const json = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { fields: object[] };
    expect(recordSchema(json).fields).toHaveLength(json.fields.length);
  },
);

test.each([
  ['double'],
  ['boolean'],
  ['bytes'],
  [{ type: 'array', items: 'string' }],
  [{ type: 'map', values: 'long' }],
  [{ type: 'long', logicalType: 'timestamp-millis' }],
  [{ type: 'bytes', logicalType: 'decimal', precision: 18, scale: 2 }],
  [['string', 'long']],
  [['null', 'string', 'long']],
  [['null']],
])('a type that no stream can store is refused, naming the field: %j', (type) => {
  const json = { type: 'record', name: 'R', fields: [{ name: 'odd', type }] };
  expect(() => recordSchema(json)).toThrow(/^field R\.odd has a type no stream can store/);
});

test('a field that is not there is named', () => {
  const json = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] };
  expect(recordSchema(json).index('a')).toBe(0);
  expect(() => recordSchema(json).index('b')).toThrow('schema R has no field b');
});

test('what is no record is refused', () => {
  expect(() => recordSchema({ type: 'enum', name: 'E' })).toThrow('schema E is not a record');
});
