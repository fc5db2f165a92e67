/** In: the bytes of a CSV file. Out: its header and its rows. */
import { splitCsv } from './csv-text.ts';
import type { CsvRow } from './csv-text.ts';
import { FileError, causeOf } from './file-error.ts';
import { MAX_ROW_BYTES } from './row-file.ts';
import type { Column, Row } from './row-file.ts';

export interface CsvRows {
  readonly columns: readonly Column[];
  rows(): AsyncIterable<readonly Row[]>;
}

/** Reads the header. Throws a FileError when there is none or it names a column twice. */
export async function readCsv(path: string, bytes: AsyncIterable<Buffer>): Promise<CsvRows> {
  const groups = rowGroups(path, bytes);
  const first = await groups.next();
  if (first.done === true) {
    throw new FileError('wrong_file', `${path} is empty: it has no header`);
  }
  const [header, ...rest] = first.value;
  const names = namesIn(path, header!);
  return {
    columns: names.map((name) => ({ name })),
    async *rows() {
      let number = 0;
      const numbered = (group: readonly CsvRow[]) =>
        group.map((row) => dataRow(++number, row, names.length));
      yield numbered(rest);
      for await (const group of groups) yield numbered(group);
    },
  };
}

function namesIn(path: string, { cells, fault }: CsvRow): readonly string[] {
  if (fault !== null || cells.some((cell) => cell?.includes('\0'))) {
    const what = fault?.code === 'quotes_malformed' ? fault.detail : 'is not text in UTF-8';
    throw new FileError('wrong_file', `${path} is not CSV: its header ${what}`);
  }
  const names = cells.map((cell) => cell ?? '');
  const twice = names.find((name, at) => name !== '' && names.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new FileError('wrong_file', `${path} has two columns named "${twice}"; rename one`);
  }
  return names;
}

function dataRow(number: number, { cells, fault }: CsvRow, width: number): Row {
  if (fault !== null || cells.length === width) return { number, cells, fault };
  const detail = `${cells.length} cells where the header has ${width}`;
  return { number, cells, fault: { code: 'wrong_number_of_cells', detail } };
}

/** Some rows at a time, the header the first of them; no group is empty. */
async function* rowGroups(
  path: string,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<readonly CsvRow[], undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let rows = 0;
  const fault = (problem: string, cause?: unknown) =>
    new FileError(
      'unreadable_file',
      `${path}, after row ${Math.max(0, rows - 1)}: ${problem}`,
      cause,
    );
  try {
    for await (const chunk of withoutMark(bytes)) {
      const piece = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const { rows: group, used } = splitCsv(piece, false);
      rest = piece.subarray(used);
      rows += group.length;
      if (group.length > 0) yield group;
      if (rest.length > MAX_ROW_BYTES) {
        throw fault(
          `a row of more than ${MAX_ROW_BYTES >> 20} MiB (is a quotation mark not closed?)`,
        );
      }
    }
  } catch (error) {
    throw error instanceof FileError ? error : fault(causeOf(error), error);
  }
  const { rows: group, used } = splitCsv(rest, true);
  rows += group.length;
  if (group.length > 0) yield group;
  if (used < rest.length) {
    throw fault('the file ends within a quoted cell (is a quotation mark not closed?)');
  }
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

async function* withoutMark(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let started = false;
  for await (const chunk of bytes) {
    yield !started && chunk.subarray(0, 3).equals(BYTE_ORDER_MARK) ? chunk.subarray(3) : chunk;
    started = true;
  }
}
