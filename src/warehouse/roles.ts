/**
 * Roles of a ClickHouse server. In: the tables of the database. Out: three roles with what each may do
 * there: DATABASE_analyst reads what is public, DATABASE_processor runs Tidemark, DATABASE_admin does
 * everything.
 *
 * Public is whatever has no name of stored rows; so what is added later is withheld until it has a view.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError, WarehouseError } from './errors.ts';

/** What analysts do not see, though it is a view or a reference table. */
const WITHHELD = new Set(['user_personal_data', 'schema_migrations', 'forgotten_users']);

/** Of these only some columns: not what a refused record held, which may be anything. */
const SOME_COLUMNS: Readonly<Record<string, string>> = {
  rejected_events: 'stream, source, offset, record_time, outcome, reason, rejected_at, replayed_at',
};

export interface TableOfDatabase {
  readonly name: string;
  readonly engine: string;
}

/** The statements that make the roles, in order; each can be run again and again. */
export function roleStatements(database: string, tables: readonly TableOfDatabase[]): string[] {
  const [analyst, processor, admin] = ['analyst', 'processor', 'admin'].map((role) =>
    quoted(`${database}_${role}`),
  );
  const all = `${quoted(database)}.*`;
  const grants = tables.filter(isPublic).map(({ name }) => {
    const columns = SOME_COLUMNS[name] === undefined ? '' : `(${SOME_COLUMNS[name]})`;
    return `GRANT SELECT${columns} ON ${quoted(database)}.${quoted(name)} TO ${analyst}`;
  });
  return [
    `CREATE ROLE IF NOT EXISTS ${analyst}, ${processor}, ${admin}`,
    // What was granted by an earlier version and is no longer public ends here.
    `REVOKE ALL ON ${all} FROM ${analyst}`,
    ...grants,
    `GRANT SELECT, INSERT, ALTER, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, OPTIMIZE ON ${all} TO ${processor}`,
    `GRANT SELECT ON system.parts TO ${processor}`,
    `GRANT ALL ON ${all} TO ${admin}`,
    `GRANT SELECT ON system.* TO ${admin}`,
  ];
}

/**
 * Makes the roles in the client's database, or brings them up to date; gives the statements.
 * @throws WarehouseError `ROLES` when the user may not manage access, or the server keeps no roles.
 */
export async function grantRoles(
  client: ClickHouseClient,
  options: { readonly dryRun?: boolean | undefined } = {},
): Promise<readonly string[]> {
  try {
    const result = await client.query({ query: TABLES, format: 'JSONEachRow' });
    const [found] = await result.json<{ database: string; tables: [string, string][] }>();
    const { database, tables } = found ?? { database: '', tables: [] };
    const statements = roleStatements(
      database,
      tables.map(([name, engine]) => ({ name, engine })),
    );
    for (const query of options.dryRun === true ? [] : statements) await client.command({ query });
    return statements;
  } catch (error) {
    const { message, code, retryable } = warehouseError(error, 'make the roles');
    if (code !== ACCESS_DENIED && code !== NO_STORAGE)
      throw warehouseError(error, 'make the roles');
    throw new WarehouseError(
      `${message}. Roles need a ClickHouse server that keeps them and a user with access management: the embedded server has neither`,
      'ROLES',
      retryable,
      { cause: error },
    );
  }
}

const ACCESS_DENIED = '497';
const NO_STORAGE = '514';

const TABLES = `
SELECT currentDatabase() AS database, arraySort(groupArray((name, engine))) AS tables
FROM system.tables
WHERE database = currentDatabase()`;

function isPublic({ name, engine }: TableOfDatabase): boolean {
  return !name.endsWith('_rows') && engine !== 'MaterializedView' && !WITHHELD.has(name);
}

function quoted(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``;
}
