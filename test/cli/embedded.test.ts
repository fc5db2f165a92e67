import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import type { EmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { start, tidemark } from './tidemark.ts';

let dataDir: string;
let server: EmbeddedClickHouse;

// The commands find the server that is running on their data folder.
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-cli-'));
  server = await startEmbeddedClickHouse({ dataDir });
});
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

const on = (...argv: string[]) => tidemark([...argv, '--data-dir', dataDir]);

test('sql prints tab-separated values where there is no terminal, and takes parameters', async () => {
  const query = 'SELECT number, {name:String} AS name FROM numbers({n:UInt8})';
  const { status, stdout } = await on('sql', query, '--param', 'n=2', '--param', "name=it's=ok");
  expect({ status, stdout }).toEqual({ status: 0, stdout: "0\tit\\'s=ok\n1\tit\\'s=ok\n" });
});

test('sql takes any format of ClickHouse', async () => {
  const { stdout } = await on('sql', 'SELECT 1 AS one', '--format', 'JSONEachRow');
  expect(stdout).toBe('{"one":1}\n');
});

test('sql changes nothing without --write', async () => {
  const create = "INSERT INTO platforms (platform) VALUES ('fridge')";
  const refused = await on('sql', create);
  expect(refused.stderr).toContain('Give --write to allow it.');
  expect(refused.status).toBe(1);
  expect((await on('sql', create, '--write')).status).toBe(0);
  expect((await on('sql', "SELECT count() FROM platforms WHERE platform = 'fridge'")).stdout).toBe(
    '1\n',
  );
});

test('sql: a fault of the query ends with 1 and its message, also in the middle of a result', async () => {
  const early = await on('sql', 'SELECT nope');
  expect(early.stderr).toMatch(/^tidemark: .*`nope`/);
  expect(early).toMatchObject({ status: 1, stdout: '' });
  const late = await on('sql', 'SELECT throwIf(number = 3000000) FROM numbers(4000000)');
  expect(late.stderr).toContain('ClickHouse stopped in the middle: Value passed to');
  expect(late.status).toBe(1);
  expect(late.stdout).toMatch(/^(0\n)+$/);
});

test('sql: Ctrl-C ends with 130 and stops the query', async () => {
  const query = 'SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1';
  const count =
    "SELECT count() FROM system.processes WHERE query LIKE '%numbers(600)%' AND query NOT LIKE '%processes%'";
  const running = start(['sql', query, '--data-dir', dataDir]);
  await eventually('the query runs', async () => (await on('sql', count)).stdout === '1\n');
  running.process.kill('SIGINT');
  expect((await running.ended).status).toBe(130);
  await eventually('the query is gone', async () => (await on('sql', count)).stdout === '0\n');
});

test('migrate says what it did, and nothing is left to do the second time', async () => {
  await on('migrate');
  const again = await on('migrate', '--dry-run', '--json');
  const steps = JSON.parse(again.stdout) as { action: string }[];
  expect(steps.length).toBeGreaterThan(5);
  expect(new Set(steps.map(({ action }) => action))).toEqual(new Set(['none']));
});

test('a configured ClickHouse without the schema ends with 2 and names migrate', async () => {
  const url = new URL(server.url);
  await tidemark(['sql', 'CREATE DATABASE bare ENGINE = Atomic', '--write', '--data-dir', dataDir]);
  url.pathname = '/bare';
  const environment = { CLICKHOUSE_URL: url.href };
  const refused = await tidemark(['status'], environment);
  expect(refused.stderr).toContain('run `tidemark migrate` first');
  expect(refused.status).toBe(2);
  expect((await tidemark(['migrate'], environment)).status).toBe(0);
  expect((await tidemark(['status'], environment)).status).toBe(0);
});

test('status before anything was processed says so', async () => {
  const { status, stdout, stderr } = await on('status');
  expect(stdout).toBe('Nothing has been processed yet.\n');
  expect(stderr).toContain('KAFKA_BROKERS is not set');
  expect(status).toBe(0);
});

test('event-types: what is set is listed, the rest of the entry stays', async () => {
  await on(
    'event-types',
    'set',
    'package_lost',
    '--server-side',
    '--inactive',
    '--label',
    'Lost',
    '--alias',
    'lost',
  );
  const changed = await on('event-types', 'set', 'package_lost', '--active', '--miles', 'redeemed');
  expect(changed.status).toBe(0);
  const { stdout } = await on('event-types', 'list', '--json');
  const { event_types } = JSON.parse(stdout) as { event_types: { event_type: string }[] };
  expect(event_types.find(({ event_type }) => event_type === 'package_lost')).toEqual({
    event_type: 'package_lost',
    label: 'Lost',
    aliases: ['lost'],
    counts_as_active: true,
    server_side: true,
    miles: 'redeemed',
    description: '',
  });
  expect(event_types.length).toBeGreaterThan(10);
});

test.each([
  [['set', 'Not Snake'], 'must be snake_case'],
  [['set', 'x', '--miles', 'some'], 'Allowed choices are earned, redeemed, none'],
  [['set', 'x', '--alias', 'page_view'], '--alias "page_view" means page_view already'],
  [['set', 'x', '--active', '--inactive'], 'cannot be used with'],
])('event-types refuses %j', async (argv, text) => {
  const { status, stderr } = await on('event-types', ...argv);
  expect(stderr).toContain(text);
  expect(status).toBe(2);
});

test('event-types: close and open are told by list', async () => {
  const closed = async () => {
    const { stdout } = await on('event-types', 'list', '--json');
    return (JSON.parse(stdout) as { closed: boolean }).closed;
  };
  expect(await closed()).toBe(false);
  expect((await on('event-types', 'close')).status).toBe(0);
  expect(await closed()).toBe(true);
  const { stdout } = await on('config', '--json');
  const { database } = JSON.parse(stdout) as { database: object };
  expect(database).toMatchObject({ epoch: 1, LOOKBACK_DAYS: 2, event_types_closed: true });
  expect((await on('event-types', 'open')).status).toBe(0);
  expect(await closed()).toBe(false);
});

test('refresh merges what is stored and says so', async () => {
  const { status, stdout } = await on('refresh', '--json');
  const { merged } = JSON.parse(stdout) as { merged: { table: string; after: number }[] };
  expect(merged.find(({ table }) => table === 'platforms')?.after).toBe(1);
  expect(status).toBe(0);
});
