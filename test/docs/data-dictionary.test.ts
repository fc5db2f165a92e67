import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { CATEGORIES } from './categories.ts';
import { dataDictionary } from './data-dictionary.ts';
import { lineageSvg } from './lineage.ts';
import { readShape } from './schema-shape.ts';
import type { Table } from './schema-shape.ts';

let ch: TestClickHouse;
let tables: readonly Table[];
beforeAll(async () => {
  ch = await testClickHouse();
  tables = await readShape(ch);
});
afterAll(() => ch.close());

test('every table and column has a comment', () => {
  const silent = tables
    // A view with parameters can keep none.
    .filter(({ name }) => !name.endsWith('_as_of'))
    .flatMap(({ name, comment, columns }) => [
      ...(comment === '' ? [name] : []),
      ...columns
        .filter((column) => column.comment === '')
        .map((column) => `${name}.${column.name}`),
    ]);
  expect(silent).toEqual([]);
});

test('the data dictionary is that of the schema (npm run docs makes it anew)', async () => {
  await expect(dataDictionary(tables)).toMatchFileSnapshot('../../docs/data-dictionary.md');
});

test('the picture of the lineage is that of the schema', async () => {
  const svg = lineageSvg(tables);
  expect(svg.match(/<rect x/g)?.length).toBe(svg.match(/<text/g)?.length);
  for (const name of ['user_days', 'growth_metrics', 'sessions', 'fct_events']) {
    expect(svg).toContain(`>${name}<`);
  }
  await expect(svg).toMatchFileSnapshot('../../docs/lineage.svg');
});

test('every value that a category can have is explained, and no other', () => {
  for (const name of new Set(CATEGORIES.map(({ table }) => table))) {
    const select = tables.find((table) => table.name === name)?.select ?? '';
    const columns = CATEGORIES.filter(({ table }) => table === name);
    const explained = new Set(columns.flatMap(({ values }) => values.map(([value]) => value)));
    const given = [...select.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, value = '']) => value);
    const values = given.filter(
      (value) => /^[A-Z][a-zA-Z]|^(ok|no_\w+)$/.test(value) && value !== 'UTC',
    );
    expect([...new Set(values)].sort(), name).toEqual([...explained].sort());
  }
});
