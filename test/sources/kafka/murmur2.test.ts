import { expect, test } from 'vitest';
import { murmur2 } from '../../../src/sources/kafka/murmur2.ts';

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('%s hashes as in the Java clients', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});
