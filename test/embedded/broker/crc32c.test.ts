import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c, crc32cAfterChange } from '../../../src/embedded/broker/crc32c.ts';

test('it is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789'), 0)).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32), 0)).toBe(0x8a9136aa);
  expect(crc32c(Buffer.alloc(0), 0)).toBe(0);
});

test('after a change it is what it would be from the beginning', () => {
  const property = fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.uint8Array({ minLength: 1, maxLength: 30 }),
    fc.nat(),
    (message, change, place) => {
      const before = Buffer.from(message);
      const difference = Buffer.from(change.subarray(0, before.length));
      const at = place % (before.length - difference.length + 1);
      const after = Buffer.from(before);
      for (const [i, byte] of difference.entries()) after[at + i]! ^= byte;
      const following = before.length - at - difference.length;
      expect(crc32cAfterChange(crc32c(before, 0), difference, following)).toBe(crc32c(after, 0));
    },
  );
  fc.assert(property);
});
