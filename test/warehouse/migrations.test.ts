import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate } from '../../src/warehouse/migrations.ts';
import { sqlStatements } from '../../src/warehouse/sql-statements.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

test('a dry run names every file and touches nothing', async () => {
  const client = await ch.freshDatabase({ migrated: false });
  const steps = await migrate(client, { dryRun: true });
  const all = await readdir(new URL('../../clickhouse/', import.meta.url));
  const files = all.filter((file) => file.endsWith('.sql')).sort();
  expect(steps).toEqual(
    files.map((file) => ({ name: file.replace(/\.sql$/, ''), action: 'create' })),
  );
  expect(await ch.rows('SHOW TABLES', client)).toEqual([]);
});

test('a second run has nothing to do, and a file that changed since is applied again', async () => {
  const client = await ch.freshDatabase();
  expect((await migrate(client)).every(({ action }) => action === 'none')).toBe(true);
  await client.command({
    query: `INSERT INTO schema_migrations (name, checksum) VALUES ('001-events', 'of an older version')`,
  });
  const changed = (await migrate(client)).filter(({ action }) => action !== 'none');
  expect(changed).toEqual([{ name: '001-events', action: 'update' }]);
});

test('a database that a newer version made is refused', async () => {
  const client = await ch.freshDatabase();
  await client.command({
    query: `INSERT INTO schema_migrations (name, checksum) VALUES ('999-from-the-future', 'x')`,
  });
  await expect(migrate(client)).rejects.toMatchObject({
    code: 'NEWER_SCHEMA',
    message: expect.stringContaining('999-from-the-future') as string,
  });
});

test('every table, view and column says what it means', async () => {
  expect(
    await ch.rows(
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''`,
    ),
  ).toEqual([]);
  expect(
    await ch.rows(
      `SELECT table, name FROM system.columns WHERE database = currentDatabase() AND comment = ''`,
    ),
  ).toEqual([]);
});

test('a view says of a column what its table says', async () => {
  expect(
    await ch.rows(`SELECT v.table AS view, v.name AS name, v.comment AS view_says, t.comment AS table_says
      FROM system.columns AS v
      INNER JOIN system.columns AS t ON t.database = v.database AND t.name = v.name AND t.table = concat(v.table, '_rows')
      WHERE v.database = currentDatabase() AND v.comment != t.comment`),
  ).toEqual([]);
});

test('every time says its zone', async () => {
  expect(
    await ch.rows(`SELECT table, name, type FROM system.columns
      WHERE database = currentDatabase()
        AND countSubstrings(type, 'DateTime') != countSubstrings(type, '\\'UTC\\'')`),
  ).toEqual([]);
});

test('statements end at a semicolon outside of strings and comments', () => {
  const text = `-- one; two
SELECT 'a;''b', "c;d", \`e;f\`, 'g\\';h' -- i; j
/* k; l */;
-- nothing here;
SELECT 4 / 2 - 1`;
  expect(sqlStatements(text)).toEqual([
    text.slice(0, text.indexOf(';\n-- nothing')),
    '-- nothing here;\nSELECT 4 / 2 - 1',
  ]);
});
