/** In: the bytes of a file with one JSON object a line. Out: its rows, and the columns of the first ones. */
import { isUtf8 } from 'node:buffer';
import { FileError, causeOf } from './file-error.ts';
import { MAX_ROW_BYTES, ROWS_AT_A_TIME } from './row-file.ts';
import type { Column, Row, RowFault } from './row-file.ts';

export interface NdjsonRows {
  readonly columns: readonly Column[];
  locate(column: string): number;
  rows(): AsyncIterable<readonly Row[]>;
}

/** Reads the first rows, to know columns. Later ones may have more. */
export async function readNdjson(path: string, bytes: AsyncIterable<Buffer>): Promise<NdjsonRows> {
  const positions = new Map<string, number>();
  const locate = (column: string): number => {
    let position = positions.get(column);
    if (position === undefined) positions.set(column, (position = positions.size));
    return position;
  };
  const groups = parsedRows(path, bytes, locate)[Symbol.asyncIterator]();
  const first = await groups.next();
  return {
    columns: [...positions.keys()].map((name) => ({ name })),
    locate,
    async *rows() {
      let group = first;
      while (group.done !== true) {
        yield group.value;
        group = await groups.next();
      }
    },
  };
}

async function* parsedRows(
  path: string,
  bytes: AsyncIterable<Buffer>,
  locate: (column: string) => number,
): AsyncGenerator<readonly Row[]> {
  let group: Row[] = [];
  let number = 0;
  try {
    for await (const line of lines(path, bytes)) {
      const text = line.toString().trim();
      if (text === '') continue;
      group.push(isUtf8(line) ? parseRow(++number, text, locate) : notUtf8(++number, line));
      if (group.length === ROWS_AT_A_TIME) {
        yield group;
        group = [];
      }
    }
  } catch (error) {
    if (group.length > 0) yield group;
    throw error;
  }
  if (group.length > 0) yield group;
}

function parseRow(number: number, text: string, locate: (column: string) => number): Row {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return faulty(number, text, { code: 'not_json', detail: causeOf(error) });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return faulty(number, text, {
      code: 'not_an_object',
      detail: `${text.slice(0, 40)} is not an object`,
    });
  }
  if (SURROGATE_ESCAPE.test(text) && hasHalfPair(text)) {
    const detail = 'a text has half of a surrogate pair, which UTF-8 cannot hold';
    return faulty(number, text, { code: 'invalid_utf8', detail });
  }
  const cells: unknown[] = [];
  for (const [column, value] of Object.entries(json)) cells[locate(column)] = value;
  return { number, cells, fault: null };
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

function hasHalfPair(json: string): boolean {
  let found = false;
  JSON.parse(json, (key: string, value: unknown) => {
    found ||= HALF_PAIR.test(key) || (typeof value === 'string' && HALF_PAIR.test(value));
    return value;
  });
  return found;
}

/** By code points, whole pairs are none. */
const HALF_PAIR = /\p{Surrogate}/u;

/** The line is kept as its only cell. */
function faulty(number: number, line: string, fault: RowFault): Row {
  return { number, cells: [line], fault };
}

/** Its bytes are kept, one character each. */
function notUtf8(number: number, line: Buffer): Row {
  const detail = 'the line is not UTF-8';
  return faulty(number, line.toString('latin1'), { code: 'invalid_utf8', detail });
}

/** The lines without their ends. What is left of the last one at the end counts as a line. */
async function* lines(path: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restLength = 0;
  let started = false;
  try {
    for await (const chunk of bytes) {
      let from = !started && chunk.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
      started = true;
      for (let end = chunk.indexOf(10, from); end >= 0; end = chunk.indexOf(10, from)) {
        const tail = chunk.subarray(from, end);
        yield restLength === 0 ? tail : Buffer.concat([...rest, tail]);
        rest = [];
        restLength = 0;
        from = end + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
      restLength += chunk.length - from;
      if (restLength > MAX_ROW_BYTES) {
        throw new FileError('unreadable_file', `${path} has a line of more than 16 MiB`);
      }
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError('unreadable_file', `${path}: ${causeOf(error)}`, error);
  }
  if (restLength > 0) yield Buffer.concat(rest);
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
