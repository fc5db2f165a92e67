/** What a file of rows is to the rest: named columns, and rows of cells in their order. */
import type { AvroContainer } from './avro-container.ts';
import type { RowFaultCode } from '../source.ts';
import type { TimeFormat } from './time.ts';

/** What can be said of rows before any is read. */
export interface RowShape {
  /** Where they come from, for messages. */
  readonly path: string;
  /** The columns that the file has, or for NDJSON those of its first rows. */
  readonly columns: readonly Column[];
  /** Whether further columns may turn up, as in NDJSON. */
  readonly open: boolean;
  /** Where the cells of a column are in `Row.cells`; -1 when a closed file has no such column. */
  locate(column: string): number;
}

export interface RowFile extends RowShape, AsyncDisposable {
  /** The rows in order, some at a time. To be iterated once. Throws a FileError when it cannot go on. */
  rows(): AsyncIterable<readonly Row[]>;
  /** Of an Avro container: what it holds as it is. Takes the place of `rows`. */
  readonly container?: AvroContainer;
  /** Bytes read so far, as they are in the file, and how many there are in all. */
  progress(): { readonly bytes: number; readonly of: number };
}

export interface Column {
  readonly name: string;
  /** The unit of times in this column, where the file itself says so. */
  readonly time?: TimeFormat;
}

export interface Row {
  /** The row's number in its file, from 1; a header and blank lines do not count. */
  readonly number: number;
  /** By column; text, numbers, null and whatever else the format knows. Missing ones are null. */
  readonly cells: readonly unknown[];
  /** Why the row cannot be taken as it is, or null. */
  readonly fault: RowFault | null;
}

export interface RowFault {
  /** For counting, such as `wrong_number_of_cells` or `event_time_malformed`. */
  readonly code: RowFaultCode;
  /** For a person: what was found. */
  readonly detail: string;
}

/** Rows are handed on in groups of about this many: fewer promises than rows, and little memory. */
export const ROWS_AT_A_TIME = 500;

/** Longer rows are taken for a quotation mark that is never closed. */
export const MAX_ROW_BYTES = 16 * 1024 * 1024;
