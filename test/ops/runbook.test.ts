import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { promtool, promtoolIsThere } from '../support/promtool.ts';
import { alerts, ROOT } from './alert-rules.ts';
import { blocks, commands, wrongCommands } from './document.ts';

const PARTS = ['**It means**', '**Look**', '**Do**', '**Over when**'];

let page: string;
let clickhouse: TestClickHouse;
beforeAll(async () => {
  page = await readFile(`${ROOT}docs/runbook.md`, 'utf8');
  clickhouse = await testClickHouse();
});
afterAll(async () => {
  await clickhouse.close();
});

test('every alert has its section in the runbook, every section its alert, and each is whole', async () => {
  const sections = page
    .split(/^### /m)
    .slice(1)
    .map((text) => ({ name: text.slice(0, text.indexOf('\n')), text }));
  const known = await alerts();
  expect(sections.map(({ name }) => name).sort()).toEqual(known.map(({ alert }) => alert).sort());
  const lacking = sections.flatMap(({ name, text }) =>
    PARTS.filter((part) => !text.includes(part)).map((part) => `${name}: ${part}`),
  );
  expect(lacking).toEqual([]);
  for (const { alert, annotations } of known) {
    expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
  }
});

test('every query of the runbook is one that ClickHouse answers', async () => {
  const queries = blocks(page, 'sql');
  expect(queries.length).toBeGreaterThan(20);
  for (const query of queries) {
    const answer = clickhouse.rows(query).then(
      () => 'answered',
      (error: unknown) => String(error),
    );
    expect({ query, answer: await answer }).toEqual({ query, answer: 'answered' });
  }
});

test('every command of the runbook is there, with the options that it is given', async () => {
  expect(commands(page).length).toBeGreaterThan(10);
  expect(await wrongCommands(page)).toEqual([]);
});

test.skipIf(!promtoolIsThere())('every expression of the runbook is PromQL', async () => {
  const expressions = blocks(page, 'promql').flatMap((block) => block.split('\n'));
  const rules = expressions.map((expr, at) => ({ record: `runbook:${at}`, expr }));
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-runbook-'));
  try {
    const file = join(folder, 'rules.yml');
    await writeFile(file, stringify({ groups: [{ name: 'runbook', rules }] }));
    expect(await promtool('check', 'rules', file)).toContain(`${rules.length} rules found`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
