/** In: the bytes of a CSV file. Out: its header and its rows. */
import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { Parser } from 'csv-parse';
import { FileError, causeOf } from './file-error.ts';
import { MAX_ROW_BYTES, ROWS_AT_A_TIME } from './row-file.ts';
import type { Column, Row } from './row-file.ts';

export interface CsvRows {
  readonly columns: readonly Column[];
  rows(): AsyncIterable<readonly Row[]>;
}

/** Reads the header. Throws a FileError when there is none or it names a column twice. */
export async function readCsv(path: string, bytes: Readable): Promise<CsvRows> {
  const parser = parse({
    bom: true,
    skip_empty_lines: true,
    // A wrong number of cells is the fault of one row, not of the file.
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_ROW_BYTES,
  });
  // Errors of either side end the parser, and come out where it is read.
  pipeline(bytes, parser, () => {});
  const records = parser[Symbol.asyncIterator]() as AsyncIterator<string[], undefined>;
  const header = await nextRecord(path, parser, records);
  if (header === undefined) throw new FileError('wrong_file', `${path} is empty: it has no header`);
  const twice = header.find((name, at) => name !== '' && header.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new FileError('wrong_file', `${path} has two columns named "${twice}"; rename one`);
  }
  return {
    columns: header.map((name) => ({ name })),
    rows: () => dataRows(path, parser, records, header.length),
  };
}

async function* dataRows(
  path: string,
  parser: Parser,
  records: AsyncIterator<string[], undefined>,
  width: number,
): AsyncGenerator<readonly Row[]> {
  let group: Row[] = [];
  let number = 0;
  for (;;) {
    const cells = await nextRecord(path, parser, records);
    if (cells === undefined) break;
    group.push(row(++number, cells, width));
    if (group.length === ROWS_AT_A_TIME) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

function row(number: number, cells: string[], width: number): Row {
  if (cells.length === width) return { number, cells: emptyAsNull(cells), fault: null };
  const detail = `${cells.length} cells where the header has ${width}`;
  return { number, cells, fault: { code: 'wrong_number_of_cells', detail } };
}

function emptyAsNull(cells: (string | null)[]): readonly unknown[] {
  for (let at = 0; at < cells.length; at++) if (cells[at] === '') cells[at] = null;
  return cells;
}

async function nextRecord(
  path: string,
  parser: Parser,
  records: AsyncIterator<string[], undefined>,
): Promise<string[] | undefined> {
  try {
    return (await records.next()).value;
  } catch (error) {
    const where = `${path}, after row ${Math.max(0, parser.info.records - 1)}`;
    const hint =
      error instanceof CsvError && /QUOTE|MAX_RECORD_SIZE/.test(error.code)
        ? ' (is a quotation mark not closed?)'
        : '';
    throw new FileError('unreadable_file', `${where}: ${causeOf(error)}${hint}`, error);
  }
}
