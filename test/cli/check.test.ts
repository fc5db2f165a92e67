import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CheckResult } from '../../src/checks/check.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import { tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));

let clickhouse: TestClickHouse;
let folder: string;
let url: string;
let change: (query: string) => Promise<void>;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-check-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  const client = await clickhouse.freshDatabase();
  const [row] = await clickhouse.rows('SELECT currentDatabase() AS name', client);
  url = new URL(`/${row!['name'] as string}`, clickhouse.url).href;
  change = async (query) => {
    await client.command({ query });
  };
});

const run = (...argv: string[]) =>
  tidemark(argv, { CLICKHOUSE_URL: url, TIDEMARK_DATA_DIR: folder });
const ingest = () => run('ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING);

/** The exit status, and the names of the checks that failed. */
async function failing(): Promise<{ status: number | null; names: string[] }> {
  const { status, stdout } = await run('check', '--json');
  const results = JSON.parse(stdout) as CheckResult[];
  expect(results.length).toBeGreaterThan(3);
  return { status, names: results.filter((each) => each.failing > 0).map(({ name }) => name) };
}

test('what was taken in as it should be passes every check', async () => {
  expect((await ingest()).status).toBe(0);
  expect(await failing()).toEqual({ status: 0, names: [] });
});

test('an empty database passes every check', async () => {
  expect(await failing()).toEqual({ status: 0, names: [] });
});

test('an event that was removed is missed, in the log and in its user-day', async () => {
  await ingest();
  await change('DELETE FROM events_rows WHERE offset = 7');
  expect(await failing()).toEqual({
    status: 1,
    names: ['accepted-are-stored', 'user-days-are-their-events'],
  });
  const { stdout, stderr } = await run('check');
  expect(stdout).toMatch(/accepted-are-stored +error +1 /);
  expect(stdout).toMatch(/file:events\.csv +200 +199/);
  expect(stdout).toContain('tidemark reprocess --from');
  expect(stderr).toContain('failed: accepted-are-stored, user-days-are-their-events');
});

test('an event that somebody else added is one too many', async () => {
  await ingest();
  await change(`
INSERT INTO events_rows
SELECT * REPLACE ('another' AS event_id) FROM events_rows WHERE offset = 7`);
  expect(await failing()).toMatchObject({
    status: 1,
    names: ['accepted-are-stored', 'user-days-are-their-events'],
  });
});

test('a user-day that counts wrongly is named', async () => {
  await ingest();
  await change(`
INSERT INTO user_day_rows
SELECT * REPLACE (events + 1 AS events, version + 1 AS version) FROM user_day_rows LIMIT 1`);
  expect(await failing()).toEqual({ status: 1, names: ['user-days-are-their-events'] });
});

test('late and refused records that were removed are missed', async () => {
  await run('ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING, '--lookback-days', '0');
  await change('DELETE FROM late_events_rows WHERE offset = (SELECT min(offset) FROM late_events)');
  expect(await failing()).toEqual({ status: 1, names: ['late-are-stored'] });
});

test('beside a command that is writing nothing is reported', async () => {
  const path = join(folder, 'many.ndjson');
  const made = await run('generate', '--events', '60000', '--seed', String(seed), '--out', path);
  expect(made.status).toBe(0);
  let writing = true;
  const written = run('ingest', path, '--stream', 'app-events').finally(() => {
    writing = false;
  });
  let checks = 0;
  while (writing) {
    expect(await failing()).toEqual({ status: 0, names: [] });
    checks++;
  }
  expect((await written).status).toBe(0);
  expect(checks).toBeGreaterThan(1);
  expect(await failing()).toEqual({ status: 0, names: [] });
});

test('junit: a case for each check, failures with their rows', async () => {
  await ingest();
  await change('DELETE FROM events_rows WHERE offset = 7');
  const { status, stdout } = await run('check', '--format', 'junit');
  expect(status).toBe(1);
  expect(stdout).toMatch(/<testsuite name="tidemark check" tests="\d+" failures="2">/);
  expect(stdout).toContain(
    '{&quot;stream&quot;:&quot;app-events&quot;,&quot;source&quot;:&quot;file:events.csv&quot;',
  );
});

test('what the progress of any stream counts is missed where it is not', async () => {
  const lines = join(folder, 'lines.csv');
  const plans = join(folder, 'plans.csv');
  await writeFile(
    lines,
    [
      'line_id,invoice_no,customer_id,stock_code,description,quantity,unit_price,invoiced_at',
      'l1,1,ann,mug,Mug,3,2.50,2026-03-05T10:00:00Z',
      'l2,1,ann,jug,Jug,1,1.25,2026-03-05T10:00:00Z',
      'l3,2,bob,jug,Jug,1,1.25,2026-03-01T10:00:00Z',
    ].join('\n'),
  );
  await writeFile(plans, 'plan_id,name,price,period,updated_at\ngold,Gold,9,month,2026-03-01\n');
  await run('ingest', lines, '--stream', 'order-lines', '--lookback-days', '2');
  await run('ingest', plans, '--stream', 'subscription-plans');
  expect(await failing()).toEqual({ status: 0, names: [] });

  await change(
    "ALTER TABLE order_lines_rows UPDATE quantity = 4 WHERE line_id = 'l1' SETTINGS mutations_sync = 2",
  );
  expect(await failing()).toEqual({ status: 1, names: ['customer-days-are-their-lines'] });
  await change('DELETE FROM subscription_plan_rows WHERE true');
  await change('DELETE FROM late_order_lines_rows WHERE true');
  expect((await failing()).names).toEqual([
    'accepted-are-stored',
    'customer-days-are-their-lines',
    'late-are-stored',
  ]);
});
