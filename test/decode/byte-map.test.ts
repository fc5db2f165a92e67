import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteMap, hashBytes } from '../../src/decode/byte-map.ts';

test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('the bucket hash is FNV-1a of %j, folded, and stays what stored rows have', (text, fnv) => {
  const bytes = Buffer.from(text);
  expect(hashBytes(bytes, 0, bytes.length)).toBe((fnv ^ (fnv >>> 15)) >>> 0);
});

test('a map finds what a Map finds, by bytes in place', () => {
  const key = fc.oneof(fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.nat()), { maxLength: 300 }), (entries) => {
      const map = new ByteMap<number>();
      const model = new Map<string, number>();
      for (const [bytes, value] of entries) {
        const buffer = Buffer.concat([Buffer.from([7]), bytes, Buffer.from([9])]);
        const end = 1 + bytes.length;
        const text = buffer.toString('latin1', 1, end);
        const hash = hashBytes(buffer, 1, end);
        expect(map.get(buffer, 1, end)).toBe(model.get(text));
        const number = map.find(buffer, 1, end, hash);
        expect(number).toBe([...model.keys()].indexOf(text));
        if (number !== -1) continue;
        expect(map.add(buffer, 1, end, hash, value)).toBe(model.size);
        model.set(text, value);
      }
      expect(map.size).toBe(model.size);
      expect(map.keys).toEqual([...model.keys()]);
      expect(map.values).toEqual([...model.values()]);
    }),
    { numRuns: 50 },
  );
});

test('keys of one hash are kept apart by their bytes', () => {
  const map = new ByteMap<string>();
  const keys = ['a', 'b', 'ab', 'ba', ''];
  for (const key of keys) map.add(Buffer.from(key), 0, key.length, 42, key);
  for (const key of keys) {
    expect(map.values[map.find(Buffer.from(key), 0, key.length, 42)]).toBe(key);
  }
  expect(map.find(Buffer.from('c'), 0, 1, 42)).toBe(-1);
});

test('setting a key again replaces its value', () => {
  const map = new ByteMap<number>();
  map.set('é', 1);
  map.set('é', 2);
  expect(map.size).toBe(1);
  expect(map.get(Buffer.from('é'), 0, 2)).toBe(2);
});
