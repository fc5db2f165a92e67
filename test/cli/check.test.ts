import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
const RECONCILIATIONS = [
  'accepted-are-stored',
  'customer-days-are-their-lines',
  'late-are-stored',
  'refused-are-stored',
  'user-days-are-their-events',
];
const rows = async (query: string) =>
  (await run('sql', query, '--format', 'JSONEachRow')).stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const ingest = () => run('ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING);

/** The exit status, and the names of the reconciliations that failed. */
async function failing(): Promise<{ status: number | null; names: string[] }> {
  const { status, stdout } = await run('check', '--json', ...RECONCILIATIONS);
  const results = JSON.parse(stdout) as CheckResult[];
  expect(results.length).toBeGreaterThan(3);
  return { status, names: results.filter((each) => each.failing > 0).map(({ name }) => name) };
}

test('an empty database passes every check', async () => {
  const { status, stdout } = await run('check');
  expect({ status, last: stdout.trim().split('\n').at(-1) }).toEqual({
    status: 0,
    last: expect.stringMatching(/^\d+ checks: \d+ ok$/) as string,
  });
}, 60_000);

test('an event that was removed is missed, in the log and in its user-day', async () => {
  await ingest();
  await change('DELETE FROM events_rows WHERE offset = 7');
  expect(await failing()).toEqual({
    status: 1,
    names: ['accepted-are-stored', 'user-days-are-their-events'],
  });
  const { stdout, stderr } = await run('check', ...RECONCILIATIONS);
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
  const made = await run('generate', '--events', '30000', '--seed', String(seed), '--out', path);
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
}, 60_000);

test('junit: a case for each check, failures with their rows', async () => {
  await ingest();
  await change('DELETE FROM events_rows WHERE offset = 7');
  const { status, stdout } = await run('check', '--format', 'junit', ...RECONCILIATIONS);
  expect(status).toBe(1);
  expect(stdout).toContain(
    '<testsuite name="tidemark check" tests="5" failures="2" errors="0" skipped="0">',
  );
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

test("checks of one's own: thresholds decide, and one that is at fault does not end the others", async () => {
  await ingest();
  const checks = join(folder, 'own');
  await mkdir(checks, { recursive: true });
  const write = (name: string, text: string) => writeFile(join(checks, `${name}.sql`), text);
  await write('few', '-- error: x\n-- Tolerates: 200 rows\nSELECT event_id FROM events;\n');
  await write('some', '-- warn: x\n-- Error above: 200 rows\nSELECT event_id FROM events');
  await write('many', '-- warn: x\n-- Error above: 199 rows\nSELECT event_id FROM events');
  await write('wrong-sql', '-- warn: x\nSELECT nothing FROM nowhere');
  await write('writes', '-- error: x\nINSERT INTO events_rows SELECT * FROM events_rows');
  await write('headless', 'SELECT 1');
  await write('unique-events', '-- error: x\nSELECT 1 WHERE false');
  const names = ['few', 'headless', 'many', 'some', 'unique-events', 'writes', 'wrong-sql'];
  const { status, stdout, stderr } = await run('check', '--json', '--checks', checks, ...names);
  const results = (JSON.parse(stdout) as CheckResult[]).slice(-names.length);
  expect(results.map((each) => [each.name, each.status, each.severity, each.failing])).toEqual([
    ['few', 'ok', 'error', 200],
    ['headless', 'broken', 'error', 0],
    ['many', 'failed', 'error', 200],
    ['some', 'failed', 'warn', 200],
    ['unique-events', 'broken', 'error', 0],
    ['writes', 'broken', 'error', 0],
    ['wrong-sql', 'broken', 'warn', 0],
  ]);
  expect(results.at(-1)?.reason).toMatch(/nowhere/);
  expect(results[4]?.reason).toMatch(/rename the file/);
  expect(status).toBe(1);
  expect(stderr).toContain('failed: headless, many, unique-events, writes, wrong-sql');

  expect((await run('check', '--checks', join(folder, 'none'))).status).toBe(2);
  expect((await run('check', 'no-such-check')).stderr).toContain('there is no check no-such-check');
});

test('a run of all checks is stored, and told as a page: first that all is well, then what is not', async () => {
  await ingest();
  expect((await run('check', 'recency-app-events-warn', '--from', '2021-01-01')).status).toBe(0);
  expect((await run('check', '--from', '2021-13-01')).stderr).toContain('must be a day');
  expect(await rows('SELECT * FROM check_results')).toEqual([]);
  const path = join(folder, 'page.html');

  expect((await run('check', '--report', path)).status).toBe(0);
  const [run1] = await rows(
    "SELECT count() AS checks, countIf(status = 'ok') AS ok FROM check_results",
  );
  expect(run1?.['ok']).toBe(run1?.['checks']);
  const first = await readFile(path, 'utf8');
  expect(first).toContain(`All ${String(run1?.['checks'])} checks hold`);
  expect(first).toContain('This is the first run.');
  expect(first).not.toMatch(/(src|href)=|url\(|<script/);

  await change(`
INSERT INTO source_progress_rows
SELECT * REPLACE ('app-events/0' AS source, 0 AS accepted, 1 AS duplicate, now64(3) - INTERVAL 90 MINUTE AS last_record_time)
FROM source_progress_rows FINAL LIMIT 1`);
  await change(
    "INSERT INTO events_rows SELECT * REPLACE (bucket + 1 AS bucket, '<b>&' AS page_url) FROM events_rows WHERE offset = 7",
  );
  const { status, stdout } = await run('check', '--report', path);
  expect(status).toBe(1);
  expect(stdout).toContain('hours_ago');
  const stored = await rows(`
SELECT check, kind, severity, failing, row
FROM check_results AS r INNER JOIN check_failures AS f USING (run_id, check, at)
WHERE status = 'failed'
ORDER BY check`);
  expect(stored.map((row) => [row['check'], row['kind'], row['severity']])).toEqual([
    ['accepted-are-stored', 'reconciliation', 'error'],
    ['page-urls-are-urls', 'expression', 'error'],
    ['recency-app-events-warn', 'recency', 'warn'],
    ['unique-events', 'unique', 'error'],
    ['user-days-are-their-events', 'reconciliation', 'error'],
  ]);
  expect(stored[1]?.['row']).toContain('"page_url":"<b>&"');
  const second = await readFile(path, 'utf8');
  expect(second).toMatch(/4 of \d+ checks fail/);
  expect(second).toContain('&lt;b&gt;&amp;');
  expect(second).not.toContain('<b>&');
  expect(second).toContain('<td>events</td><td class="number">201</td><td class="number">+1</td>');
  expect(second).toMatch(/<code>unique-events<\/code><\/td><td><span class="badge ok">ok<\/span>/);
  for (const tag of ['table', 'section', 'article', 'div', 'td', 'tr', 'code', 'span']) {
    const count = (text: RegExp) => second.match(text)?.length ?? 0;
    expect([tag, count(new RegExp(`<${tag}[ >]`, 'g'))]).toEqual([
      tag,
      count(new RegExp(`</${tag}>`, 'g')),
    ]);
  }
}, 90_000);
