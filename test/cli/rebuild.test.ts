import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const ALL = ['--from', '2021-01-01', '--to', '2021-12-31'];

let clickhouse: TestClickHouse;
let change: (query: string) => Promise<void>;
let rows: (query: string) => Promise<Record<string, unknown>[]>;
let run: (...argv: string[]) => ReturnType<typeof tidemark>;

beforeAll(async () => {
  clickhouse = await testClickHouse();
});
afterAll(() => clickhouse.close());
beforeEach(async () => {
  const client = await clickhouse.freshDatabase();
  rows = (query) => clickhouse.rows(query, client);
  change = async (query) => {
    await client.command({ query });
  };
  const [row] = await rows('SELECT currentDatabase() AS name');
  const url = new URL(`/${row!['name'] as string}`, clickhouse.url).href;
  run = (...argv) => tidemark(argv, { CLICKHOUSE_URL: url });
  const ingested = await run('ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING);
  expect(ingested.status).toBe(0);
});

const USER_DAYS =
  'SELECT * EXCEPT (updated_at, version) FROM user_days ORDER BY event_date, user_id';

async function rebuild(): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run('reprocess', ...ALL, '--json');
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('a rebuild of what is right finds no difference and writes nothing', async () => {
  const before = await rows('SELECT * FROM user_days ORDER BY event_date, user_id');
  expect(await rebuild()).toMatchObject({ different: 0, examples: [], folded: before.length });
  expect(await rows('SELECT * FROM user_days ORDER BY event_date, user_id')).toEqual(before);
});

test('user-days that were lost, changed or made up are named, and become what their events say', async () => {
  const right = await rows(USER_DAYS);
  const [lost, changed] = right as [Record<string, unknown>, Record<string, unknown>];
  const key = ({ event_date, user_id }: Record<string, unknown>) =>
    `event_date = '${event_date as string}' AND user_id = '${user_id as string}'`;
  await change(`DELETE FROM user_day_rows WHERE ${key(lost)}`);
  await change(`
INSERT INTO user_day_rows
SELECT * REPLACE (miles_earned + 5 AS miles_earned, version + 9 AS version)
FROM user_day_rows WHERE ${key(changed)}`);
  await change(`
INSERT INTO user_day_rows SELECT * REPLACE ('nobody' AS user_id) FROM user_day_rows LIMIT 1`);
  const { different, examples } = await rebuild();
  expect(different).toBe(3);
  expect(examples).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ table: 'user_days', entity: 'nobody', folded: 0 }),
      expect.objectContaining({ entity: lost['user_id'], stored: 0 }),
      expect.objectContaining({ entity: changed['user_id'] }),
    ]),
  );
  expect(await rows(USER_DAYS)).toEqual(right);
  expect((await run('check')).status).toBe(0);
  // What follows user-days by its versions follows the rebuild too.
  const followers = `
SELECT (SELECT groupArray((user_id, event_date, events)) FROM (SELECT user_id, event_date, events FROM user_history_rows FINAL WHERE events > 0 ORDER BY ALL))
    = (SELECT groupArray((user_id, event_date, events)) FROM (SELECT user_id, event_date, events FROM user_day_rows FINAL WHERE events > 0 ORDER BY ALL)) AS same`;
  expect(await rows(followers)).toEqual([{ same: 1 }]);
  expect(await rebuild()).toMatchObject({ different: 0 });
});

test('a rebuild leaves no table of its own behind, and other days alone', async () => {
  const [first] = await rows('SELECT min(event_date) AS day FROM user_days');
  const day = first!['day'] as string;
  await change(`DELETE FROM user_day_rows WHERE event_date != '${day}'`);
  const { status } = await run('reprocess', '--from', day, '--to', day);
  expect(status).toBe(0);
  expect(await rows('SELECT DISTINCT event_date AS day FROM user_days')).toEqual([{ day }]);
  expect(
    await rows(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'rebuilt%'",
    ),
  ).toEqual([]);
});

test('what a rebuild that was killed has left is taken away by the next one, and before anybody is forgotten', async () => {
  const [somebody] = await rows('SELECT user_id FROM user_days LIMIT 1');
  const left = `rebuilt_${'0123456789abcdef'.repeat(2)}`;
  for (const next of [
    ['reprocess', ...ALL],
    ['forget', somebody!['user_id'] as string],
  ]) {
    await change(`CREATE TABLE ${left} AS user_day_rows ENGINE = Memory`);
    await change(`INSERT INTO ${left} SELECT * FROM user_day_rows`);
    expect((await run(...next)).status).toBe(0);
    expect(
      await rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'rebuilt%'",
      ),
    ).toEqual([]);
  }
});

test('a span of days that is half or none is wrong usage', async () => {
  for (const argv of [
    ['--from', '2021-01-01'],
    ['--late', ...ALL],
    ['--from', 'x', '--to', 'y'],
  ]) {
    expect((await run('reprocess', ...argv)).status).toBe(2);
  }
});

test('a user-day that differs only in what is unknown is found', async () => {
  const right = await rows(USER_DAYS);
  const key = `event_date = '${right[0]!['event_date'] as string}' AND user_id = '${right[0]!['user_id'] as string}'`;
  await change(`
INSERT INTO user_day_rows
SELECT * REPLACE ('DE' AS first_country, version + 9 AS version) FROM user_day_rows WHERE ${key}`);
  expect(await rebuild()).toMatchObject({ different: 1 });
  expect(await rows(USER_DAYS)).toEqual(right);
});

test('days of people who were forgotten are right', async () => {
  const [day] = await rows(`
SELECT event_date, groupArray(user_id) AS users FROM user_days GROUP BY event_date HAVING count() >= 3 LIMIT 1`);
  const [first, second] = day!['users'] as [string, string];
  expect((await run('forget', first, second)).status).toBe(0);
  const state = 'SELECT * FROM user_day_rows FINAL ORDER BY ALL';
  const before = await rows(state);
  expect(await rebuild()).toMatchObject({ different: 0 });
  expect(await rows(state)).toEqual(before);
});

test('what a rebuild cannot mend is an error that says where it is', async () => {
  const [row] = await rows('SELECT event_date, user_id FROM user_days LIMIT 1');
  const { event_date, user_id } = row as { event_date: string; user_id: string };
  await change(`
INSERT INTO user_day_rows
SELECT * REPLACE (events + 1 AS events, version + 99 * 4294967296 AS version)
FROM user_day_rows WHERE event_date = '${event_date}' AND user_id = '${user_id}'`);
  const { status, stderr } = await run('reprocess', ...ALL);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringContaining(`${user_id} on ${event_date}`) as string,
  });
});

test('a whole day of users with long names is mended at once', async () => {
  const count = 1_200;
  await change(`
INSERT INTO user_day_rows
SELECT one.* REPLACE (concat(repeat('ß', 60), toString(n)) AS user_id)
FROM (SELECT * FROM user_day_rows LIMIT 1) AS one, (SELECT number AS n FROM numbers(${count})) AS many`);
  const { different, examples } = await rebuild();
  expect({ different, examples: (examples as unknown[]).length }).toEqual({
    different: count,
    examples: 20,
  });
  expect(await rebuild()).toMatchObject({ different: 0 });
});

test('customer-days are rebuilt from their order lines', async () => {
  const lines = fileURLToPath(new URL('../fixtures/online-retail/2011-06-10.csv', import.meta.url));
  const mapping = fileURLToPath(new URL('../../examples/online-retail.json', import.meta.url));
  expect((await run('ingest', lines, '--stream', 'order-lines', '--map', mapping)).status).toBe(0);
  const CUSTOMER_DAYS =
    'SELECT * EXCEPT (updated_at, computed_at) FROM customer_days ORDER BY customer_id';
  const right = await rows(CUSTOMER_DAYS);
  const customer = right[0]!['customer_id'] as string;
  await change(`DELETE FROM customer_day_rows WHERE customer_id = '${customer}'`);
  const { status, stdout } = await run('reprocess', '--from', '2011-06-10', '--to', '2011-06-10');
  expect(status).toBe(0);
  expect(stdout).toContain('1 were stored otherwise');
  expect(stdout).toMatch(
    new RegExp(`customer_days 2011-06-10 ${customer} of file:2011-06-10.csv: 0 records, now \\d+`),
  );
  expect(await rows(CUSTOMER_DAYS)).toEqual(right);
});
