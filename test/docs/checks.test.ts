import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { allChecks } from '../../src/checks/all-checks.ts';
import { checkOf } from '../../src/checks/check-file.ts';
import { readConfiguration } from '../../src/config/configuration.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import { listOfChecks } from './checks-page.ts';

const PAGE = '../../docs/checks.md';
const LIST = /(?<=## The list\n\n)[^]*$/;

test('the page of checks lists every check there is (npm run docs makes it anew)', async () => {
  await using ch = await testClickHouse();
  const { freshness } = readConfiguration({ environment: {} }).checks;
  const checks = await allChecks({ client: ch.client, freshness, folder: undefined });
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  const page = await readFile(new URL(PAGE, import.meta.url), 'utf8');
  expect(page).toMatch(LIST);
  await expect(page.replace(LIST, () => `${listOfChecks(checks)}\n`)).toMatchFileSnapshot(PAGE);
});

test('the example of a check of one’s own is one', async () => {
  const page = await readFile(new URL(PAGE, import.meta.url), 'utf8');
  const [, example = ''] = /```sql\n([^`]*)```/.exec(page) ?? [];
  const { fault, severity, tolerates, errorAbove, remedy } = checkOf('example', example);
  expect({ fault, severity, tolerates, errorAbove }).toEqual({
    fault: undefined,
    severity: 'warn',
    tolerates: 10,
    errorAbove: 1000,
  });
  expect(remedy).toMatch(/web team/);
});
