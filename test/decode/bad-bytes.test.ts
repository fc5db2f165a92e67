import avro from 'avsc';
import { expect, test } from 'vitest';
import { resolveWriter } from '../../src/decode/writer-resolution.ts';

const BOMB = Buffer.from('feffffffffffffff7f', 'hex'); // the number 2^62 - 1

test.each([
  [
    'an array that claims 2^62 items',
    field({ type: 'array', items: 'int' }),
    BOMB,
    'number_out_of_range',
  ],
  [
    'an array that claims 2^40 items',
    field({ type: 'array', items: 'int' }),
    varint(2 ** 40),
    'truncated',
  ],
  [
    'as many in a block with a size',
    field({ type: 'array', items: 'int' }),
    Buffer.concat([varint(-(2 ** 40)), varint(3)]),
    'truncated',
  ],
  [
    'a map that claims 2^31 entries',
    field({ type: 'map', values: 'int' }),
    varint(2 ** 31),
    'truncated',
  ],
  ['a string longer than the record', field('string'), varint(2 ** 31), 'truncated'],
  ['a string of negative length', field('string'), varint(-1), 'undecodable'],
  ['a branch that the union lacks', field(['null', 'int']), varint(2), 'undecodable'],
  ['a negative branch', field(['null', 'int']), varint(-1), 'undecodable'],
  [
    'a symbol that the enum lacks',
    field({ type: 'enum', name: 'E', symbols: ['a'] }),
    varint(1),
    'undecodable',
  ],
  ['a boolean of 2', field('boolean'), Buffer.from([2]), 'undecodable'],
  ['an int beyond 32 bits', field('int'), varint(2 ** 31), 'number_out_of_range'],
  ['a long of 2^53', field('long'), varint(2 ** 53), 'number_out_of_range'],
  [
    'the lowest long',
    field('long'),
    Buffer.from('ffffffffffffffffff01', 'hex'),
    'number_out_of_range',
  ],
  ['a number of 11 bytes', field('long'), Buffer.alloc(11, 0x80), 'truncated'],
  [
    'a number of 12 bytes',
    field('long'),
    Buffer.concat([Buffer.alloc(11, 0x80), varint(0)]),
    'undecodable',
  ],
  ['a string that is not UTF-8', field('string'), Buffer.from([2, 0xff]), 'invalid_utf8'],
  ['nothing', field('int'), Buffer.alloc(0), 'truncated'],
])('%s is refused at once', (_, { type, reader }, bytes, code) => {
  const { translate } = translation(type, reader);
  expect(() => translate(Buffer.concat([bytes]))).toThrow(expect.objectContaining({ code }));
});

test('numbers up to 2^53 - 1 and down to its negative pass', () => {
  const { type, reader } = field('long');
  const { translate } = translation(type, reader);
  for (const number of [
    0,
    -1,
    1,
    63,
    64,
    -64,
    -65,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53 - 1,
    1 - 2 ** 53,
  ]) {
    expect(translate(varint(number))).toEqual(
      Buffer.concat([Buffer.from([2, 0x78]), varint(number)]),
    );
  }
});

test('milliseconds that leave the range as microseconds are refused, not wrapped', () => {
  const time = (logicalType: string): object => ({ type: 'long', logicalType });
  const { translate, from } = translation(
    field(time('timestamp-millis')).type,
    field(time('timestamp-micros')).reader,
  );
  expect(from(translate(varint(9_007_199_254_740)))).toEqual({
    added: 'x',
    value: 9_007_199_254_740_000,
  });
  expect(() => translate(varint(9_007_199_254_741))).toThrow('number_out_of_range');
  expect(() => translate(varint(253_402_300_799_999))).toThrow('number_out_of_range');
});

test('a decimal too long to be one is refused before it is computed with', () => {
  const price = (scale: number): object => ({
    type: 'bytes',
    logicalType: 'decimal',
    precision: 18,
    scale,
  });
  const { translate } = translation(field(price(2)).type, field(price(4)).reader);
  expect(() => translate(Buffer.concat([varint(5_000), Buffer.alloc(5_000, 1)]))).toThrow(
    'number_out_of_range',
  );
});

test('a record that nests itself a million times is refused, and the next one is read', () => {
  const list = { type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] };
  const { translate, from } = translation(
    record({ name: 'list', type: list }, { name: 'value', type: 'int' }),
    field('int').reader,
  );
  expect(() => translate(Buffer.alloc(1_000_000, 2))).toThrow('undecodable');
  expect(from(translate(Buffer.from([2, 2, 0, 8])))).toEqual({ added: 'x', value: 4 });
});

test('a schema of records within records that take no bytes is read at once', () => {
  let type: unknown = { type: 'record', name: 'Level0', fields: [] };
  for (let level = 1; level < 30; level++) {
    const fields = [
      { name: 'a', type },
      { name: 'b', type: `Level${level - 1}` },
    ];
    type = { type: 'record', name: `Level${level}`, fields };
  }
  const kept = { name: 'kept', type: 'string' };
  const { translate, from } = translation(record({ name: 'ignored', type }, kept), record(kept));
  expect(from(translate(Buffer.from([2, 0x78])))).toEqual({ kept: 'x' });
  const listed = record({ name: 'ignored', type: { type: 'array', items: type } }, kept);
  expect(() => resolveWriter(JSON.stringify(listed), record(kept))).toThrow(
    'the items of an array take no bytes',
  );
});

test.each([
  ['a type', (deep: string) => `{"type":"array","items":${deep}}`],
  ['symbols', (deep: string) => `{"type":"enum","name":"E","symbols":${deep}}`],
  ['a size', (deep: string) => `{"type":"fixed","name":"F","size":${deep}}`],
  ['a scale', (deep: string) => `{"type":"bytes","logicalType":"decimal","scale":${deep}}`],
])('a schema that is nested a hundred thousand deep is refused in words: %s', (_, around) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const field = `{"name":"kept","type":${around(deep)}}`;
  const writer = `{"type":"record","name":"R","fields":[${field}]}`;
  expect(() => resolveWriter(writer, record({ name: 'kept', type: 'string' }))).toThrow(
    /^not a schema that can be read/,
  );
});

test('an ignored field is not looked into further than its extent', () => {
  const writer = record(
    { name: 'ignored', type: 'string' },
    { name: 'big', type: 'long' },
    { name: 'value', type: 'int' },
  );
  const { translate, from } = translation(writer, field('int').reader);
  const bytes = Buffer.concat([Buffer.from([2, 0xff]), BOMB, varint(7)]);
  expect(from(translate(bytes))).toEqual({ added: 'x', value: 7 });
});

/** A writer with one field of this type, and a reader that has one more, so that it must be translated. */
function field(type: string | object): { type: object; reader: object } {
  const value = { name: 'value', type };
  return {
    type: record(value),
    reader: record({ name: 'added', type: 'string', default: 'x' }, value),
  };
}

function record(...fields: object[]): object {
  return { type: 'record', name: 'R', fields };
}

function translation(
  writer: object,
  reader: object,
): { translate: (bytes: Buffer) => Buffer; from: (bytes: Buffer) => unknown } {
  const resolved = resolveWriter(JSON.stringify(writer), reader);
  if (resolved.kind === 'same') throw new Error('no translation');
  const type = avro.Type.forSchema(reader as avro.Schema);
  return {
    translate: (bytes) => resolved.translate(bytes),
    from: (bytes) => ({ ...Object(type.fromBuffer(bytes)) }) as unknown,
  };
}

function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const digits: number[] = [];
  for (; rest >= 0x80n; rest >>= 7n) digits.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...digits, Number(rest)]);
}
