import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteSink } from '../../src/warehouse/byte-sink.ts';

test('whole numbers of 64 bits are exact up to 2^53, and beyond as bigints', () => {
  const edges = [0, -0, 1, -1, 2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53)];
  const value = fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom(...edges),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const sink = new ByteSink(1);
      for (const one of values) sink.integer(one);
      const written = Buffer.concat(sink.pieces());
      expect(written).toHaveLength(8 * values.length);
      values.forEach((one, at) => expect(written.readBigInt64LE(8 * at)).toBe(BigInt(one)));
    }),
  );
});

test('small whole numbers are little-endian, and negative ones in two’s complement', () => {
  const sink = new ByteSink(1);
  sink.uint8(255);
  sink.uint16(65_535);
  sink.uint32(4_294_967_295);
  sink.uint32(-2);
  const bytes = Buffer.concat(sink.pieces());
  expect(bytes.readUInt8(0)).toBe(255);
  expect(bytes.readUInt16LE(1)).toBe(65_535);
  expect(bytes.readUInt32LE(3)).toBe(4_294_967_295);
  expect(bytes.readInt32LE(7)).toBe(-2);
});

test('a string of any length has its length before it', () => {
  for (const length of [0, 1, 48, 49, 64, 65, 127, 128, 16_383, 16_384, 3_000_000]) {
    const bytes = Buffer.alloc(length + 2, 'aé');
    const [one, other] = [new ByteSink(1), new ByteSink(1)];
    one.string(bytes, 1, length + 1);
    other.byteString(bytes.toString('latin1', 1, length + 1));
    const prefix: number[] = [];
    let rest = length;
    for (; rest > 127; rest >>>= 7) prefix.push((rest & 127) | 128);
    prefix.push(rest);
    const wanted = Buffer.concat([Buffer.from(prefix), bytes.subarray(1, length + 1)]);
    expect(Buffer.concat(one.pieces()).equals(wanted), String(length)).toBe(true);
    expect(Buffer.concat(other.pieces()).equals(wanted), String(length)).toBe(true);
  }
});

test('a decimal is extended by its sign', () => {
  const written = (...bytes: number[]): bigint => {
    const sink = new ByteSink(1);
    sink.bigEndianInt64(Buffer.from([9, ...bytes, 9]), 1, 1 + bytes.length);
    return Buffer.concat(sink.pieces()).readBigInt64LE();
  };
  expect(written()).toBe(0n);
  expect(written(0x7f)).toBe(127n);
  expect(written(0x80)).toBe(-128n);
  expect(written(0, 0x80)).toBe(128n);
  expect(written(0xff, 0x7f)).toBe(-129n);
  expect(written(0x80, 0, 0, 0, 0, 0, 0, 0)).toBe(-(2n ** 63n));
});
