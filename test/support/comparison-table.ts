/** In: what the tests have compared with plain models. Out: one table of it, after the last test. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The file to which a line is added for each comparison. */
    comparisons: string;
  }
}

interface Line {
  readonly dataSet: string;
  readonly table: string;
  readonly cells: number;
  readonly differ: number;
}

export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-comparisons-'));
  const file = join(folder, 'lines.ndjson');
  writeFileSync(file, '');
  project.provide('comparisons', file);
  return () => {
    const text = readFileSync(file, 'utf8').trim();
    rmSync(folder, { recursive: true, force: true });
    if (text !== '') print(text.split('\n').map((line) => JSON.parse(line) as Line));
  };
}

function print(lines: readonly Line[]): void {
  const sets = [...new Set(lines.map(({ dataSet }) => dataSet))].sort();
  const tables = [...new Set(lines.map(({ table }) => table))].sort();
  const rows = tables.map((table) =>
    sets.map((dataSet) => {
      const those = lines.filter((line) => line.table === table && line.dataSet === dataSet);
      const cells = those.reduce((sum, line) => sum + line.cells, 0);
      const differ = those.reduce((sum, line) => sum + line.differ, 0);
      return those.length === 0 ? '' : `${cells} / ${differ}`;
    }),
  );
  const out = [
    ['cells compared / that differ', ...sets],
    ['---', ...sets.map(() => '---')],
    ...tables.map((table, at) => [table, ...(rows[at] ?? [])]),
  ];
  process.stdout.write(`${out.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
}
