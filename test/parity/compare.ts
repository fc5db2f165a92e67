/** In: the rows of a table and those that a plain model says. Out: how many cells were compared, and which differ. */
import type { Row } from './growth.ts';

export interface Comparison {
  readonly cells: number;
  /** One line each: the row, the column, what is there, what should be. */
  readonly differences: readonly string[];
}

/** Sums of fractions may be added in any order: that much may floats differ, relative to their size. */
const TOLERANCE = 1e-12;

export function compareRows(actual: readonly Row[], expected: readonly Row[]): Comparison {
  const differences: string[] = [];
  if (actual.length !== expected.length) {
    differences.push(`${actual.length} rows, not ${expected.length}`);
  }
  let cells = 0;
  for (const [at, row] of expected.entries()) {
    const columns = new Set([...Object.keys(row), ...Object.keys(actual[at] ?? {})]);
    for (const column of columns) {
      cells++;
      const [is, should] = [actual[at]?.[column], row[column]];
      if (!same(is, should)) {
        const where = Object.values(row).slice(0, 2).join(' ');
        differences.push(
          `${where} ${column}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`,
        );
      }
    }
  }
  return { cells, differences };
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
  }
  return JSON.stringify(a) === JSON.stringify(b);
}
