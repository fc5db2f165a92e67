/** In: bytes of CSV (RFC 4180). Out: the rows that are whole in them. */
import { isUtf8 } from 'node:buffer';
import type { RowFault } from './row-file.ts';

export interface CsvRow {
  /** Empty ones are null. */
  readonly cells: (string | null)[];
  readonly fault: RowFault | null;
}

export interface CsvPiece {
  readonly rows: readonly CsvRow[];
  /** How many bytes they take; the rest begins a row. */
  readonly used: number;
}

const LINE_END = 10;
const COMMA = 44;
const QUOTE = 34;

/**
 * `last`: nothing comes after these bytes, so that the last row needs no line end. What is left over all
 * the same is a quoted cell without its end.
 */
export function splitCsv(bytes: Buffer, last: boolean): CsvPiece {
  const end = last ? bytes.length : bytes.lastIndexOf(LINE_END) + 1;
  const whole = bytes.subarray(0, end);
  if (whole.includes(QUOTE) || !isUtf8(whole)) return splitRowByRow(whole, last);
  const rows: CsvRow[] = [];
  for (const line of whole.toString().split('\n')) {
    const text = withoutReturn(line);
    if (text !== '') rows.push(plainRow(text));
  }
  return { rows, used: end };
}

function splitRowByRow(bytes: Buffer, last: boolean): CsvPiece {
  const rows: CsvRow[] = [];
  let from = 0;
  let quote = bytes.indexOf(QUOTE);
  while (from < bytes.length) {
    let end = bytes.indexOf(LINE_END, from);
    if (end === -1) end = bytes.length;
    if (quote !== -1 && quote < from) quote = bytes.indexOf(QUOTE, from);
    const quoted = quote !== -1 && quote < end;
    if (quoted) end = endOfRow(bytes, from);
    if (end === -1 || (end === bytes.length && !last)) return { rows, used: from };
    const line = bytes.subarray(from, end);
    from = end + 1;
    if (!isUtf8(line)) rows.push(notUtf8(line));
    else {
      const text = withoutReturn(line.toString());
      if (text !== '') rows.push(quoted ? quotedRow(text) : plainRow(text));
    }
  }
  return { rows, used: bytes.length };
}

/** Where the row ends that begins at `from`; -1: within a quoted cell. */
function endOfRow(bytes: Buffer, from: number): number {
  for (let at = from; ; at++) {
    if (bytes[at] === QUOTE) {
      for (at = bytes.indexOf(QUOTE, at + 1); bytes[at + 1] === QUOTE && at !== -1;) {
        at = bytes.indexOf(QUOTE, at + 2);
      }
      if (at === -1) return -1;
      at++;
    }
    while (at < bytes.length && bytes[at] !== COMMA && bytes[at] !== LINE_END) at++;
    if (bytes[at] !== COMMA) return at;
  }
}

function plainRow(text: string): CsvRow {
  const cells: (string | null)[] = text.split(',');
  for (let at = 0; at < cells.length; at++) if (cells[at] === '') cells[at] = null;
  return { cells, fault: null };
}

/** A quotation mark that does not begin its cell stands for itself. */
function quotedRow(text: string): CsvRow {
  const cells: (string | null)[] = [];
  for (let at = 0; at <= text.length;) {
    let cell: string;
    if (text.charCodeAt(at) === QUOTE) {
      const close = closingQuote(text, at + 1);
      cell = text.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
      if (at < text.length && text.charCodeAt(at) !== COMMA) return wronglyQuoted(text, at);
    } else {
      const comma = text.indexOf(',', at);
      const end = comma === -1 ? text.length : comma;
      cell = text.slice(at, end);
      at = end;
    }
    cells.push(cell === '' ? null : cell);
    at++;
  }
  return { cells, fault: null };
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (text.charCodeAt(at + 1) === QUOTE) at = text.indexOf('"', at + 2);
  return at;
}

function wronglyQuoted(text: string, at: number): CsvRow {
  const detail = `a quoted cell is followed by ${JSON.stringify(text.slice(at, at + 20))}`;
  return { cells: [text], fault: { code: 'quotes_malformed', detail } };
}

/** Its bytes are kept, one character each. */
function notUtf8(line: Buffer): CsvRow {
  return {
    cells: [line.toString('latin1')],
    fault: { code: 'invalid_utf8', detail: 'the row is not UTF-8' },
  };
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
