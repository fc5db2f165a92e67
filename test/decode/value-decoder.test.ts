import { expect, test } from 'vitest';
import { recordSchema } from '../../src/decode/record-schema.ts';
import { Slots } from '../../src/decode/slots.ts';
import { ValueDecoder } from '../../src/decode/value-decoder.ts';
import { avroLong, avroString, confluent } from '../simulation/writer-schemas.ts';

const named = (...fields: object[]): object => ({ type: 'record', name: 'R', fields });
const own = named(
  { name: 'id', type: 'string' },
  { name: 'amount', type: ['null', 'long'], default: null },
);
const older = named({ name: 'id', type: 'string' });

const OWN = 1;
const OLDER = 2;

test('a value must be there, start with the magic byte, and name a schema', () => {
  const { decode } = decoderOf();
  expect(decode(Buffer.alloc(0))).toBe('empty_value');
  for (let length = 1; length < 5; length++) {
    expect(decode(confluent(OWN, Buffer.alloc(0)).subarray(0, length))).toBe('not_confluent_avro');
  }
  expect(decode(Buffer.from('{"id": "x"}'))).toBe('not_confluent_avro');
  const wrongMagic = confluent(OWN, body('x'));
  wrongMagic[0] = 1;
  expect(decode(wrongMagic)).toBe('not_confluent_avro');
  expect(decode(confluent(OWN, Buffer.alloc(0)))).toBe('truncated');
});

test('a schema is asked for once, and is known from then on', () => {
  const { decoder, decode, slots } = decoderOf();
  expect(decode(confluent(OLDER, avroString('x')))).toEqual({ schemaId: OLDER });
  expect(decode(confluent(OWN, body('y')))).toBeNull();
  expect(slots.text(0)).toBe('y');
  decoder.learn(OLDER, JSON.stringify(older));
  expect(decode(confluent(OLDER, avroString('x')))).toBeNull();
  expect(slots.text(0)).toBe('x');
  expect(slots.isNull(1)).toBe(true);
  decoder.forgetUnknown();
  expect(decode(confluent(OLDER, avroString('z')))).toBeNull();
});

test('a schema that the registry does not have is refused until the next batch asks again', () => {
  const { decoder, decode } = decoderOf();
  const value = confluent(9, body('x'));
  decoder.learn(9, undefined);
  expect(decode(value)).toBe('unknown_schema_id');
  expect(decode(confluent(OWN, body('x')))).toBeNull();
  expect(decode(value)).toBe('unknown_schema_id');
  decoder.forgetUnknown();
  expect(decode(value)).toEqual({ schemaId: 9 });
  decoder.learn(9, JSON.stringify(own));
  expect(decode(value)).toBeNull();
});

test('a schema that cannot be read as the stream’s is refused for good', () => {
  const { decoder, decode } = decoderOf();
  const value = confluent(9, body('x'));
  for (const schema of ['not json', '{"type":"record"}', '"long"', JSON.stringify(named())]) {
    decoder.learn(9, schema);
    expect(decode(value), schema).toBe('incompatible_schema');
    decoder.forgetUnknown();
    expect(decode(value), schema).toBe('incompatible_schema');
  }
});

test('no schema id is taken for the last one, whatever it is', () => {
  for (const id of [0xffffffff, 0x80000000, 0x7fffffff, 0]) {
    const { decoder, decode } = decoderOf();
    const value = confluent(id, body('x'));
    expect(decode(value)).toEqual({ schemaId: id | 0 });
    expect(decode(confluent(OWN, body('x')))).toBeNull();
    decoder.forgetUnknown();
    expect(decode(value)).toEqual({ schemaId: id | 0 });
  }
});

test('bad bytes of a writer that must be translated have the same reasons', () => {
  const { decoder, decode } = decoderOf();
  decoder.learn(OLDER, JSON.stringify(older));
  const text = avroString('x');
  expect(decode(confluent(OLDER, Buffer.alloc(0)))).toBe('truncated');
  expect(decode(confluent(OLDER, text.subarray(0, 1)))).toBe('truncated');
  expect(decode(confluent(OLDER, Buffer.concat([text, text])))).toBe('trailing_bytes');
  expect(decode(confluent(OLDER, Buffer.from([2, 0xff])))).toBe('invalid_utf8');
  expect(decode(confluent(OLDER, avroLong(-1)))).toBe('undecodable');
  expect(decode(confluent(OLDER, avroLong(2n ** 60n)))).toBe('number_out_of_range');
  expect(decode(confluent(OLDER, text))).toBeNull();
});

function decoderOf(): {
  decoder: ValueDecoder;
  decode: (value: Buffer) => unknown;
  slots: Slots;
} {
  const schema = recordSchema(own);
  const decoder = new ValueDecoder(schema);
  decoder.learn(OWN, JSON.stringify(own));
  const slots = new Slots(schema.fields.length);
  // In the middle of other bytes, as in a fetch.
  const decode = (value: Buffer): unknown => {
    const bytes = Buffer.concat([Buffer.alloc(3, 0xee), value, Buffer.alloc(3, 0xee)]);
    return decoder.decode(bytes, 3, 3 + value.length, slots);
  };
  return { decoder, decode, slots };
}

function body(id: string): Buffer {
  return Buffer.concat([avroString(id), avroLong(0)]);
}
