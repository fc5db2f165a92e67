import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LocalTime } from '../../../src/sources/file/local-time.ts';
import { parseIso } from '../../../src/sources/file/time.ts';

test('a time in its common form is the same time in any other', () => {
  const zone = new LocalTime('Europe/Berlin');
  const number = (max: number) => fc.integer({ min: 0, max }).map(String);
  const fields = fc.tuple(number(9999), number(14), number(33), number(25), number(61), number(61));
  const fraction = fc.string({ unit: fc.constantFrom('0', '1', '5', '9'), maxLength: 7 });
  fc.assert(
    fc.property(fields, fraction, fc.constantFrom('', 'Z'), (parts, decimals, utc) => {
      const [year, ...rest] = parts;
      const [month, day, hour, minute, second] = rest.map((text) => text.padStart(2, '0'));
      const time = `${year.padStart(4, '0')}-${month}-${day} ${hour}:${minute}:${second}`;
      const common = `${time}${decimals && '.'}${decimals}`;
      // A comma is read by the general way alone.
      const general = `${time},${decimals.padEnd(7, '0')}`;
      expect(parseIso(common + utc, zone)).toBe(parseIso(general + utc, zone));
    }),
  );
});

test.each([
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['2023-02-29T00:00:00Z', null],
  ['1900-02-29T00:00:00Z', null],
  ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ['2024-13-01T00:00:00Z', null],
  ['2024-00-01T00:00:00Z', null],
  ['2024-04-31 00:00:00', null],
  ['2024-01-01T24:00:00Z', null],
  ['2024-01-01T00:00:0xZ', null],
])('the day of %s', (text, milliseconds) => {
  const expected = milliseconds === null ? null : BigInt(milliseconds) * 1000n;
  const time = parseIso(text, new LocalTime('UTC'));
  expect(time === null ? null : BigInt(time)).toBe(expected);
});
