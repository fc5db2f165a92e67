import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import type { EmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { ROOT } from './alert-rules.ts';
import { blocks, commands, wrongCommands } from './document.ts';

const FIXTURE = join(ROOT, 'test/fixtures/greenery/events.csv');
const MAPPING = join(ROOT, 'examples/greenery-events.json');

let page: string;
/** A server of its own: what is dropped here is the database that the page names. */
let server: EmbeddedClickHouse;
let dataDir: string;
beforeAll(async () => {
  page = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-operations-'));
  server = await startEmbeddedClickHouse({ dataDir });
  await succeeds('migrate');
  await ingest();
});
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

const ingest = () => succeeds('ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING);

/** What a command prints; fails unless it ends with status 0. */
async function succeeds(...argv: readonly string[]): Promise<string> {
  const environment = { CLICKHOUSE_URL: server.url, TIDEMARK_DATA_DIR: dataDir };
  const { status, stdout, stderr } = await tidemark(argv, environment);
  expect({ argv, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
  return stdout;
}

/** Outside of any database, as one of them is dropped. */
async function runSql(query: string): Promise<void> {
  await using client = openClickHouse({ url: new URL('/', server.url).href });
  await client.command({ query });
}

const count = (from: string) => succeeds('sql', `SELECT count() FROM ${from}`, '--format', 'TSV');

/** From a heading to the next one of its rank or a higher one. */
function section(title: string): string {
  const start = page.indexOf(`# ${title}\n`);
  expect(start, title).toBeGreaterThan(0);
  const rank = page.slice(page.lastIndexOf('\n', start) + 1, start + 1).length;
  const rest = page.slice(start + title.length + 3);
  const end = rest.search(new RegExp(`^#{1,${rank}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

test('a backup that is restored goes on at its own line, and everything adds up', async () => {
  const [first, second, drop, restore, ...others] = blocks(section('Back up and restore'), 'sql');
  expect(others).toEqual([]);
  const before = await count('events');
  await runSql(first!);
  await runSql(second!);
  // What happens after the backup is gone with the restored one.
  await runSql('ALTER TABLE tidemark.events_rows DELETE WHERE 1 SETTINGS mutations_sync = 1');
  expect(await count('events')).toBe('0\n');
  await runSql(drop!);
  await runSql(restore!);
  for (const words of commands(section('Back up and restore'))) await succeeds(...words);
  expect(await count('events')).toBe(before);
  expect(await ingest()).toMatch(/duplicate/);
  expect(await count('events')).toBe(before);
}, 120_000);

test.each(['Late events', 'Rebuild days', 'An event type'])(
  'the steps of "%s" end well, one after the other',
  async (title) => {
    // All checks take long; the restored database has just passed them.
    const steps = commands(section(title)).filter(([name]) => name !== 'check');
    expect(steps.length).toBeGreaterThan(0);
    for (const words of steps) await succeeds(...words);
  },
  120_000,
);

test('every other command is there, with the options that it is given', async () => {
  expect(commands(page).length).toBeGreaterThan(15);
  expect(await wrongCommands(page)).toEqual([]);
});

test('every file that the page names is there', () => {
  const linked = [...page.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, path = '']) =>
    join(ROOT, 'docs', path),
  );
  const named = [...page.matchAll(/`((?:k8s|test|src|schemas|overlays)\/[a-zA-Z0-9./-]+)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => !/[A-Z]{4}/.test(path))
    .map((path) => join(ROOT, path.startsWith('overlays') ? `k8s/${path}` : path));
  expect(linked.length + named.length).toBeGreaterThan(10);
  expect([...linked, ...named].filter((path) => !existsSync(path))).toEqual([]);
});
