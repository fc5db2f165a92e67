/**
 * The schema. In: the numbered files of `clickhouse/`. Out: a database that has what they say, and
 * in `schema_migrations` which of them it has.
 *
 * Every file can be applied again and again; one that has changed since it was applied is.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import PQueue from 'p-queue';
import { warehouseError, WarehouseError } from './errors.ts';
import { readSchemaFiles } from './schema-files.ts';
import type { SchemaFile } from './schema-files.ts';

export interface MigrateOptions {
  /** Only says what would be done. */
  readonly dryRun?: boolean | undefined;
}

export interface MigrationStep {
  /** Name of the file, without its extension. */
  readonly name: string;
  readonly action: 'create' | 'update' | 'none';
}

/**
 * Brings the client's database up to this version's schema, in the order of the files; says for each
 * file what was done, or with `dryRun` what would be.
 * @throws WarehouseError `NEWER_SCHEMA` when the database was made by a newer version.
 */
export async function migrate(
  client: ClickHouseClient,
  options: MigrateOptions = {},
): Promise<MigrationStep[]> {
  const migrations = await readSchemaFiles();
  const applied = await readApplied(client);
  const newer = [...applied.keys()].filter((name) => !migrations.some((m) => m.name === name));
  if (newer.length > 0) {
    throw new WarehouseError(
      `the database was made by a newer version of tidemark (it has ${newer.join(', ')}): use that version`,
      'NEWER_SCHEMA',
      false,
    );
  }
  const steps = migrations.map(({ name, checksum }): MigrationStep => {
    if (!applied.has(name)) return { name, action: 'create' };
    return { name, action: applied.get(name) === checksum ? 'none' : 'update' };
  });
  if (options.dryRun) return steps;
  await run(client, 'schema_migrations', CREATE_MIGRATIONS);
  const due = migrations.filter((_, at) => steps[at]!.action !== 'none');
  const done: SchemaFile[] = [];
  try {
    await applyAll(client, due, (file) => done.push(file));
  } finally {
    // All at once: an insert takes as long as a table, and what is not noted is only applied again.
    if (done.length > 0) {
      await record(
        client,
        done.map(({ name, checksum }) => ({ name, checksum })),
      );
    }
  }
  return steps;
}

/** How many statements run at once. */
const AT_ONCE = 4;

/**
 * Side by side, because most of a statement's time is spent waiting: each file after those before it that
 * make what it speaks of. Rejects with the first failure, when nothing is under way any more.
 */
async function applyAll(
  client: ClickHouseClient,
  files: readonly SchemaFile[],
  applied: (file: SchemaFile) => void,
): Promise<void> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const ready: Promise<void>[] = [];
  for (const [at, file] of files.entries()) {
    const words = new Set(file.statements.join(' ').match(/\w+/g));
    const needed = files.slice(0, at).flatMap((other, index) => {
      return madeBy(other).some((name) => words.has(name)) ? [ready[index]!] : [];
    });
    const apply = async (): Promise<void> => {
      await Promise.all(needed);
      for (const statement of file.statements) {
        await queue.add(() => run(client, file.name, statement));
      }
      applied(file);
    };
    ready.push(apply());
  }
  const failed = (await Promise.allSettled(ready)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** The names of the tables and views that a file makes. */
function madeBy({ statements }: SchemaFile): readonly string[] {
  return statements.flatMap((statement) => MAKES.exec(statement)?.[1] ?? []);
}

const MAKES =
  /^CREATE (?:OR REPLACE )?(?:MATERIALIZED )?(?:TABLE|VIEW|DICTIONARY) (?:IF NOT EXISTS )?(\w+)/m;

async function record(
  client: ClickHouseClient,
  values: readonly { name: string; checksum: string }[],
): Promise<void> {
  try {
    await client.insert({ table: 'schema_migrations', values, format: 'JSONEachRow' });
  } catch (error) {
    throw warehouseError(error, 'note which parts of the schema there are');
  }
}

const CREATE_MIGRATIONS = `
CREATE TABLE IF NOT EXISTS schema_migrations
(
    name String COMMENT 'File of the schema, without its extension',
    checksum String COMMENT 'SHA-256 of its statements when they were applied, hexadecimal',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
COMMENT 'Which files of the schema have been applied to this database; the latest row of a name counts.'`;

/** Checksums of the applied files by name. */
async function readApplied(client: ClickHouseClient): Promise<Map<string, string>> {
  try {
    const exists = await client.query({
      query:
        "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
      format: 'JSONEachRow',
    });
    if ((await exists.json()).length === 0) return new Map();
    const result = await client.query({
      query: 'SELECT name, checksum FROM schema_migrations FINAL',
      format: 'JSONEachRow',
    });
    const rows = await result.json<{ name: string; checksum: string }>();
    return new Map(rows.map(({ name, checksum }) => [name, checksum]));
  } catch (error) {
    throw warehouseError(error, 'read which parts of the schema there are');
  }
}

async function run(client: ClickHouseClient, name: string, query: string): Promise<void> {
  try {
    await client.command({
      query,
      // A table that is filled from another takes its time: headers meanwhile keep the connection alive.
      clickhouse_settings: {
        send_progress_in_http_headers: 1,
        http_headers_progress_interval_ms: '10000',
      },
    });
  } catch (error) {
    throw warehouseError(error, `apply ${name} of the schema`);
  }
}
