/** In: what a table was compared with, by data set. Out: a line for the table that is printed after the last test. */
import { appendFileSync } from 'node:fs';
import { inject } from 'vitest';
import type { Comparison } from './compare.ts';

export type DataSet = 'generated' | 'greenery' | 'hand-made';

export function recordComparison(
  dataSet: DataSet,
  table: string,
  { cells, differences }: Comparison,
): void {
  const differ = differences.length;
  appendFileSync(inject('comparisons'), `${JSON.stringify({ dataSet, table, cells, differ })}\n`);
}
