import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { promtool, promtoolIsThere } from '../support/promtool.ts';
import { alerts, ROOT } from './alert-rules.ts';

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

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  const fence = new RegExp(`\`\`\`${language}\\n([^\`]*)\`\`\``, 'g');
  return [...page.matchAll(fence)].map(([, text = '']) => text.trim());
}

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
  const queries = blocks('sql');
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
  const lines = blocks('sh').flatMap((block) => block.split('\n'));
  const commands = lines.filter((line) => line.startsWith('npx tidemark '));
  expect(commands.length).toBeGreaterThan(10);
  for (const line of new Set(commands)) {
    const words = line
      .replace(/"[^"]*"/g, '…')
      .split(' ')
      .slice(2);
    const named = words.filter((word) => /^[a-z][a-z-]*$/.test(word)).slice(0, 2);
    const { status, stdout } = await tidemark([...named, '--help']);
    const missing = words.filter((word) => word.startsWith('--') && !stdout.includes(word));
    expect({ line, status, missing }).toEqual({ line, status: 0, missing: [] });
  }
});

test.skipIf(!promtoolIsThere())('every expression of the runbook is PromQL', async () => {
  const expressions = blocks('promql').flatMap((block) => block.split('\n'));
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
