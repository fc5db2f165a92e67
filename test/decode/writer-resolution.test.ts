import avro from 'avsc';
import { expect, test } from 'vitest';
import { BUNDLED_SCHEMAS, readSchemaFolder } from '../../src/decode/schema-folder.ts';
import { resolveWriter } from '../../src/decode/writer-resolution.ts';

type Json = string | object;

const MICROS = { type: 'long', logicalType: 'timestamp-micros' };
const MILLIS = { type: 'long', logicalType: 'timestamp-millis' };
const NANOS = { type: 'long', logicalType: 'timestamp-nanos' };
const PRICE = { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 };

const { versions } = readSchemaFolder(BUNDLED_SCHEMAS);

test.each(versions.map(({ file, schema }) => [file, schema]))(
  '%s as it is, or under other names and without words, needs no translation',
  (_, schema) => {
    const reader = objectOf(schema);
    expect(resolveWriter(schema, reader).kind).toBe('same');
    const bare: unknown = JSON.parse(schema, (key, value: unknown) =>
      key === 'doc' || key === 'default' || key === 'namespace'
        ? undefined
        : typeof value === 'string' && /^[A-Z]/.test(value)
          ? 'some.where.Else'
          : value,
    );
    expect(resolveWriter(JSON.stringify(bare), reader).kind).toBe('same');
  },
);

test.each<[string, Json, Json]>([
  ['a plain long for a time, taken in the unit of the reader', 'long', MICROS],
  ['plain bytes for a decimal', 'bytes', PRICE],
  ['a time for a plain long', MILLIS, 'long'],
  ['a string that says it is a uuid', { type: 'string', logicalType: 'uuid' }, 'string'],
  ['a string in the clothes of Java', { type: 'string', 'avro.java.string': 'String' }, 'string'],
  ['a decimal of another precision', { ...PRICE, precision: 10 }, PRICE],
  ['a nullable type', ['null', 'string'], ['null', 'string']],
  ['an enum', symbols('a', 'b'), symbols('a', 'b')],
])('%s needs no translation', (_, writer, reader) => {
  expect(resolution(writer, reader).kind).toBe('same');
});

test.each<[string, Json, unknown, Json, unknown]>([
  ['int to long', 'int', -7, 'long', -7],
  ['int to double', 'int', -7, 'double', -7],
  ['long to float', 'long', 2 ** 40, 'float', 2 ** 40],
  ['float to double', 'float', 0.5, 'double', 0.5],
  ['int to a time', 'int', 7, MICROS, 7],
  ['string to bytes', 'string', 'é', 'bytes', Buffer.from('é')],
  ['bytes to string', 'bytes', Buffer.from('é'), 'string', 'é'],
  ['milliseconds to microseconds', MILLIS, -1_500, MICROS, -1_500_000],
  ['nanoseconds to microseconds, rounded down', NANOS, 1_999, MICROS, 1],
  ['nanoseconds before 1970', NANOS, -1, MICROS, -1],
  ['nullable milliseconds', ['null', MILLIS], { long: 5 }, ['null', MICROS], { long: 5_000 }],
  ['milliseconds into nullable', MILLIS, 5, ['null', MICROS], { long: 5_000 }],
  ['a value into nullable', 'string', 'x', ['null', 'string'], { string: 'x' }],
  ['nullable, sending a value', ['null', 'string'], { string: 'x' }, 'string', 'x'],
  ['a union in another order', ['string', 'null'], null, ['null', 'string'], null],
  ['a wider union', ['string', 'int'], { int: 4 }, ['null', 'long', 'string'], { long: 4 }],
  ['the very same branch rather than an earlier wider one', 'int', 4, ['long', 'int'], { int: 4 }],
  ['a decimal of fewer places', { ...PRICE, scale: 2 }, decimal(-1999), PRICE, decimal(-199900)],
  ['a decimal of no digits', { ...PRICE, scale: 2 }, Buffer.alloc(0), PRICE, decimal(0)],
  [
    'a decimal in fixed bytes',
    { ...PRICE, type: 'fixed', name: 'F', size: 8 },
    Buffer.from('ffffffffffff8000', 'hex'),
    PRICE,
    Buffer.from('ffffffffffff8000', 'hex'),
  ],
  ['a symbol at another place', symbols('a', 'b'), 'b', symbols('b', 'c'), 'b'],
  ['a symbol that is gone', symbols('a', 'b'), 'a', { ...symbols('b', 'c'), default: 'c' }, 'c'],
  ['an array', array('int'), [1, 2, 3], array('long'), [1, 2, 3]],
  ['a map', map('int'), { a: 1, '': 2 }, map('double'), { a: 1, '': 2 }],
])('%s', (_, writer, value, reader, expected) => {
  expect(translated(writer, value, reader)).toEqual(expected);
});

test('fields are found by name, then by alias; the rest is ignored or filled from defaults', () => {
  const writer = record(
    { name: 'extra', type: inner({ name: 'deep', type: array(map('string')) }) },
    { name: 'b', type: 'string' },
    { name: 'old', type: 'int' },
  );
  const reader = record(
    { name: 'a', type: 'long', aliases: ['former', 'old'] },
    { name: 'b', type: 'string' },
    { name: 'c', type: ['null', 'string'], default: null },
    { name: 'd', type: map('long'), default: { x: 5 } },
    { name: 'e', type: MICROS, default: -3 },
    { name: 'f', type: array(symbols('s', 't')), default: ['t'] },
    { name: 'g', type: 'bytes', default: '\u00ff' },
    {
      name: 'h',
      type: inner({ name: 'x', type: 'double', default: 0.5 }, { name: 'y', type: 'boolean' }),
      default: { y: true },
    },
  );
  const value = { extra: { deep: [{ k: 'v' }, {}] }, b: 'é', old: 7 };
  expect(translated(writer, value, reader)).toEqual({
    a: 7,
    b: 'é',
    c: null,
    d: { x: 5 },
    e: -3,
    f: ['t'],
    g: Buffer.from([0xff]),
    h: { x: 0.5, y: true },
  });
});

test('two fields of one type that changed their places are not taken for one another', () => {
  const writer = record({ name: 'b', type: 'string' }, { name: 'a', type: 'string' });
  const reader = record({ name: 'a', type: 'string' }, { name: 'b', type: 'string' });
  expect(translated(writer, { b: 'B', a: 'A' }, reader)).toEqual({ a: 'A', b: 'B' });
});

test('a recursive schema is translated, and ignored, level by level', () => {
  const list = (type: Json) =>
    record({ name: 'value', type }, { name: 'next', type: ['null', 'R'] });
  const value = { value: 1, next: { R: { value: 2, next: { R: { value: 3, next: null } } } } };
  expect(translated(list('int'), value, list('long'))).toEqual(value);
  expect(resolution(list('int'), list('int')).kind).toBe('same');
  const holder = record(
    { name: 'x', type: 'int' },
    {
      name: 'list',
      type: { ...list('int'), name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] },
    },
  );
  expect(
    translated(
      holder,
      { x: 9, list: { next: { L: { next: null } } } },
      record({ name: 'x', type: 'int' }),
    ),
  ).toEqual({ x: 9 });
});

test.each<[string, Json, Json, RegExp]>([
  [
    'a string is no int',
    record({ name: 'n', type: 'string' }),
    record({ name: 'n', type: 'int' }),
    /^n: string cannot be read as int$/,
  ],
  ['a long is no int', 'long', 'int', /the schema: long cannot be read as int/],
  [
    'a field is missing',
    record(),
    record({ name: 'n', type: 'int' }),
    /^n: not in the writer's schema, and has no default$/,
  ],
  ['a branch is missing', ['null', 'int'], ['null', 'string'], /int cannot be read as string/],
  ['null alone is no value', 'null', 'string', /null cannot be read as string/],
  [
    'a date is no moment',
    { type: 'int', logicalType: 'date' },
    MICROS,
    /date is not a moment in time/,
  ],
  [
    'a local time is no moment',
    { type: 'long', logicalType: 'local-timestamp-micros' },
    MICROS,
    /local-timestamp-micros is not a moment/,
  ],
  ['digits would be lost', { ...PRICE, scale: 6 }, PRICE, /scale 6 does not fit scale 4/],
  ['text is no decimal', 'string', PRICE, /a string is not a decimal/],
  [
    'deep in a record',
    record({ name: 'r', type: array(inner({ name: 'x', type: 'string' })) }),
    record({ name: 'r', type: array(inner({ name: 'x', type: 'int' })) }),
    /^r\[\]\.x: /,
  ],
  [
    'a wrong default',
    record(),
    record({ name: 'n', type: 'int', default: 'one' }),
    /"one" is no default of type int/,
  ],
  ['items without bytes', array('null'), array('null'), /take no bytes/],
  ['an unknown type', 'strnig', 'string', /"strnig" is not defined/],
  ['no type at all', {}, 'string', /not a schema that can be read/],
  ['an empty union', [], 'string', /a union is empty/],
])('%s: incompatible, and it says where and why', (_, writer, reader, message) => {
  expect(() => resolution(writer, reader)).toThrow(message);
  expect(() => resolution(writer, reader)).toThrow(
    expect.objectContaining({ code: 'incompatible_schema' }),
  );
});

test('a text that is no JSON, or nested without end, is incompatible', () => {
  expect(() => resolveWriter('{"type":', { type: 'string' })).toThrow('the schema is not JSON');
  const nested = '{"type":"array","items":'.repeat(5_000) + '"int"' + '}'.repeat(5_000);
  expect(() => resolveWriter(nested, { type: 'string' })).toThrow(/nested more than 64 deep/);
  expect(resolveWriter('string', { type: 'string' }).kind).toBe('same');
});

test('a record type that does not fit where it need not is not taken to fit where it must', () => {
  const schema = (type: Json): Json =>
    record(
      { name: 'a', type: ['null', 'int', inner({ name: 'x', type })] },
      { name: 'b', type: 'Inner' },
    );
  expect(() => resolution(schema('string'), schema('int'))).toThrow(/^b\.x: string cannot be read/);
});

function resolution(writer: Json, reader: Json): ReturnType<typeof resolveWriter> {
  return resolveWriter(
    JSON.stringify(writer),
    typeof reader === 'string' ? { type: reader } : reader,
  );
}

function translated(writer: Json, value: unknown, reader: Json): unknown {
  const resolved = resolution(writer, reader);
  if (resolved.kind === 'same') throw new Error('no translation');
  const bytes = avroType(writer).toBuffer(value);
  return plain(avroType(reader).fromBuffer(resolved.translate(bytes)));
}

function avroType(schema: Json): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true });
}

/** Values of avsc are of classes of their own; their members are what counts. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

function objectOf(schema: string): object {
  const value: unknown = JSON.parse(schema);
  if (typeof value === 'object' && value !== null) return value;
  throw new Error(schema);
}

function record(...fields: object[]): { type: string; name: string; fields: object[] } {
  return { type: 'record', name: 'R', fields };
}
function inner(...fields: object[]): object {
  return { ...record(...fields), name: 'Inner' };
}
function array(items: Json): object {
  return { type: 'array', items };
}
function map(values: Json): object {
  return { type: 'map', values };
}
function symbols(...names: string[]): object {
  return { type: 'enum', name: 'E', symbols: names };
}
function decimal(unscaled: number): Buffer {
  let length = 1;
  while (unscaled < -(2 ** (8 * length - 1)) || unscaled >= 2 ** (8 * length - 1)) length++;
  const bytes = Buffer.alloc(length);
  bytes.writeIntBE(unscaled, 0, length);
  return bytes;
}
