import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCsv } from '../../../src/sources/file/csv-text.ts';
import type { CsvRow } from '../../../src/sources/file/csv-text.ts';

/** As a reader would: pieces of a size, what is left over goes before the next one. */
function inPieces(bytes: Buffer, size: number): { rows: CsvRow[]; left: number } {
  const rows: CsvRow[] = [];
  let rest = Buffer.alloc(0);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.concat([rest, bytes.subarray(at, at + size)]);
    const split = splitCsv(piece, false);
    rows.push(...split.rows);
    rest = piece.subarray(split.used);
  }
  const { rows: last, used } = splitCsv(rest, true);
  return { rows: [...rows, ...last], left: rest.length - used };
}

const cells = (text: string) =>
  inPieces(Buffer.from(text), 7).rows.map((row) => row.fault?.code ?? row.cells);

test('cells come out as they were written, whatever they hold and wherever the pieces end', () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '"', ',', '\n', '\r', ' ') }),
    fc.string({ unit: 'grapheme' }),
  );
  const quoted = (text: string, always: boolean) =>
    always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 5 })),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (rows, lineEnd, always, size, ended) => {
        const lines = rows.map((row) => row.map((text) => quoted(text, always)).join(','));
        const text = lines.join(lineEnd) + (ended ? lineEnd : '');
        expect(inPieces(Buffer.from(text), size)).toEqual({
          rows: rows.map((row) => ({ cells: row.map((each) => each || null), fault: null })),
          left: 0,
        });
      },
    ),
  );
});

test('any bytes make the same rows, however they are cut', () => {
  const byte = fc.constantFrom(...Buffer.from('a",\n\r'), 0xc3, 0xa9, 0xff, 0);
  fc.assert(
    fc.property(fc.array(byte), fc.integer({ min: 1, max: 9 }), (bytes, size) => {
      const whole = Buffer.from(bytes);
      expect(inPieces(whole, size)).toEqual(inPieces(whole, whole.length + 1));
    }),
  );
});

test('a quotation mark within a cell stands for itself, behind a quoted cell it is a fault of that row', () => {
  expect(cells('a"b,c""\n"a"b,c\n"a","b"" ""c"\nd\n')).toEqual([
    ['a"b', 'c""'],
    'quotes_malformed',
    ['a', 'b" "c'],
    ['d'],
  ]);
});

test('a quoted cell without its end is left over', () => {
  expect(inPieces(Buffer.from('a,b\n"c,d\ne,f\n'), 5)).toEqual({
    rows: [{ cells: ['a', 'b'], fault: null }],
    left: 9,
  });
});
