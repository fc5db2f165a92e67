/**
 * Migrated databases, used again and again. In: a server. Out: a database that is as `migrate` makes it.
 *
 * To make one takes a hundred times as long as to empty one: tables that hold what they did not hold
 * when it was made are emptied, and get back the rows that come with the software. A database that
 * cannot be made as new in this way is dropped.
 */
import { randomUUID } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { readSchemaFiles } from '../../src/warehouse/schema-files.ts';

export interface Database {
  readonly name: string;
  /** With the database's name as its path. */
  readonly url: string;
}

interface Made extends Database {
  /** How its tables and views were made. */
  readonly schema: ReadonlyMap<string, string>;
  /** What its tables held then. */
  readonly parts: ReadonlyMap<string, string>;
}

/** By server, for as long as this process runs. */
const free = new Map<string, Made[]>();
const taken = new Map<string, Made>();

/** Give it back with `giveBack`, or drop it. */
export async function takeDatabase(server: string): Promise<Database> {
  const waiting = free.get(server) ?? [];
  for (let database = waiting.pop(); database !== undefined; database = waiting.pop()) {
    // Its server may have been set back to a time before it.
    if (await madeAsNew(database).catch(() => false)) {
      taken.set(database.name, database);
      return database;
    }
    await dropDatabase(server, database.name);
  }
  const made = await make(server);
  taken.set(made.name, made);
  return made;
}

/** Nobody may write to it any more. */
export function giveBack(server: string, { name }: Database): void {
  const made = taken.get(name);
  if (made === undefined) throw new Error(`${name} was not taken from here`);
  taken.delete(name);
  free.set(server, [...(free.get(server) ?? []), made]);
}

export async function createDatabase(server: string): Promise<Database> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await using admin = openClickHouse({ url: server });
  await admin.command({ query: `CREATE DATABASE ${name} ENGINE = Atomic` });
  return { name, url: new URL(`/${name}`, server).href };
}

export async function dropDatabase(server: string, name: string): Promise<void> {
  await using admin = openClickHouse({ url: server });
  await admin.command({ query: `DROP DATABASE IF EXISTS ${name} SYNC` });
}

async function make(server: string): Promise<Made> {
  const database = await createDatabase(server);
  await using client = openClickHouse({ url: database.url });
  await migrate(client);
  return { ...database, schema: await schemaOf(client), parts: await partsOf(client) };
}

async function madeAsNew({ url, schema, parts }: Made): Promise<boolean> {
  await using client = openClickHouse({ url });
  const run = (query: string) => client.command({ query });
  if (await isBusyOrMutated(client)) return false;
  const found = await schemaOf(client);
  const changed = differing(schema, found);
  if (changed.some((name) => !schema.get(name)?.startsWith('View'))) return false;
  const filled = differing(parts, await partsOf(client));
  if (filled.includes('schema_migrations')) return false;
  await Promise.all(filled.map((table) => run(`TRUNCATE TABLE ${table}`)));
  const wanting = filled.filter((table) => parts.has(table));
  if (changed.length === 0 && wanting.length === 0) return true;
  const files = await readSchemaFiles();
  for (const statement of files.flatMap(({ statements }) => statements)) {
    const [, table = ''] = /^INSERT INTO (\w+)/m.exec(statement) ?? [];
    const [, view = ''] = /^CREATE OR REPLACE VIEW (\w+)/m.exec(statement) ?? [];
    if (wanting.includes(table) || changed.includes(view)) await run(statement);
  }
  return changed.length === 0 || differing(schema, await schemaOf(client)).length === 0;
}

const differing = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));

async function isBusyOrMutated(client: ClickHouseClient): Promise<boolean> {
  const rows = await read(
    client,
    `SELECT table AS name, '' AS is FROM system.mutations WHERE database = currentDatabase()
    UNION ALL
    SELECT query, '' FROM system.processes
    WHERE current_database = currentDatabase() AND query_id != queryID()`,
  );
  return rows.size > 0;
}

/** How each table and view was made. */
const schemaOf = (client: ClickHouseClient) =>
  read(
    client,
    `SELECT name, concat(engine, ' ', if(engine = 'View', '', toString(uuid)), hex(sipHash128(create_table_query))) AS is
    FROM system.tables WHERE database = currentDatabase()`,
  );

/** By table, which inserts its rows are of. Merges make no difference. */
const partsOf = (client: ClickHouseClient) =>
  read(
    client,
    `SELECT table AS name, toString(arraySort(groupArray((partition_id, min_block_number, max_block_number, data_version)))) AS is
    FROM system.parts WHERE database = currentDatabase() AND active
    GROUP BY table`,
  );

async function read(client: ClickHouseClient, query: string): Promise<ReadonlyMap<string, string>> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  const rows = await result.json<{ name: string; is: string }>();
  return new Map(rows.map(({ name, is }) => [name, is]));
}
