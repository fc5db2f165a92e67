/** What tests rely on: a database that others have used is as one that was made for them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { tidemark } from '../cli/tidemark.ts';
import { createDatabase, dropDatabase, giveBack, takeDatabase } from './database-pool.ts';
import type { Database } from './database-pool.ts';

const server = new URL('/', inject('clickhouse')).href;

/** All that can be asked of it, but for names and times. */
async function contentOf({ name, url }: Database): Promise<Record<string, unknown>> {
  await using client = openClickHouse({ url });
  const rows = async (query: string) => {
    const result = await client.query({ query, format: 'JSONEachRow' });
    return result.json<Record<string, string>>();
  };
  const tables = await rows(
    `SELECT name, engine, replaceAll(create_table_query, '${name}.', '') AS made
    FROM system.tables WHERE database = currentDatabase() ORDER BY name`,
  );
  const content: Record<string, unknown> = {};
  for (const { name: table, engine, made } of tables) {
    const kept = `SELECT * EXCEPT '^(applied_at|updated_at|computed_at)$' FROM ${table} ORDER BY ALL`;
    content[table!] = [made, engine!.endsWith('MergeTree') ? await rows(kept) : null];
  }
  return content;
}

async function withDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
  const database = await createDatabase(server);
  try {
    return await use(database);
  } finally {
    await dropDatabase(server, database.name);
  }
}

/** Takes one, uses it, gives it back, and takes again: the two databases. */
async function takenAgain(use: (database: Database) => Promise<void>): Promise<Database[]> {
  const first = await takeDatabase(server);
  await use(first);
  giveBack(server, first);
  return [first, await takeDatabase(server)];
}

test('a database that was used and given back is as a fresh one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-pool-'));
  const [first, second] = await takenAgain(async ({ url }) => {
    const events = join(folder, 'events.ndjson');
    for (const argv of [
      ['generate', '--events', '500', '--days', '40', '--out', events],
      ['ingest', events, '--stream', 'app-events', '--lookback-days', '1'],
      ['refresh'],
    ]) {
      const { status, stderr } = await tidemark(argv, { CLICKHOUSE_URL: url });
      expect({ argv, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
    }
    await using client = openClickHouse({ url });
    await client.command({
      query: `INSERT INTO event_types (event_type, counts_as_active) VALUES ('page_view', false)`,
    });
    await client.command({ query: 'TRUNCATE TABLE countries' });
    await client.command({ query: 'CREATE OR REPLACE VIEW dim_users AS SELECT 1 AS a' });
  });
  await rm(folder, { recursive: true, force: true });
  expect(second!.name).toBe(first!.name);
  const fresh = await withDatabase(async (database) => {
    await using client = openClickHouse({ url: database.url });
    await migrate(client);
    return await contentOf(database);
  });
  expect(Object.keys(fresh).length).toBeGreaterThan(100);
  expect(await contentOf(second!)).toEqual(fresh);
  giveBack(server, second!);
});

test.each([
  ['a table that was changed', 'ALTER TABLE events_rows ADD COLUMN more UInt8'],
  ['a table of its own', 'CREATE TABLE more (a UInt8) ENGINE = Memory'],
  ['a table that was made anew', 'CREATE OR REPLACE TABLE platforms (a UInt8) ENGINE = Memory'],
  ['rows that were changed in place', 'ALTER TABLE events_rows DELETE WHERE 1'],
])('one with %s is not given out again', async (_, query) => {
  const [first, second] = await takenAgain(async ({ url }) => {
    await using client = openClickHouse({ url });
    await client.command({ query });
  });
  expect(second!.name).not.toBe(first!.name);
  giveBack(server, second!);
});
