/** In: a database, and what its users add. Out: every check there is, in one order. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';
import { checksOfFolder, shippedChecks } from './check-file.ts';
import type { Check } from './check.ts';
import { freshnessChecks } from './freshness-checks.ts';
import type { Freshness } from './freshness-checks.ts';
import { relationshipChecks } from './relationship-checks.ts';
import { schemaChecks } from './schema-checks.ts';
import type { ColumnType } from './schema-checks.ts';

export interface CheckSources {
  readonly client: ClickHouseClient;
  readonly freshness: readonly Freshness[];
  /** Folder of further SQL files; undefined: none. */
  readonly folder: string | undefined;
}

/** A check of the folder that has the name of another is at fault. */
export async function allChecks(sources: CheckSources): Promise<readonly Check[]> {
  const { client, freshness, folder } = sources;
  const ours = [
    ...freshnessChecks(freshness),
    ...(await shippedChecks()),
    ...relationshipChecks(),
    ...schemaChecks(await readColumns(client)),
  ];
  const names = new Set(ours.map(({ name }) => name));
  const added = folder === undefined ? [] : await checksOfFolder(folder);
  return [
    ...ours,
    ...added.map((check) =>
      names.has(check.name)
        ? { ...check, fault: `tidemark has a check ${check.name}: rename the file` }
        : check,
    ),
  ];
}

async function readColumns(client: ClickHouseClient): Promise<readonly ColumnType[]> {
  try {
    const result = await client.query({
      query: `
SELECT table, name, type
FROM system.columns
WHERE database = currentDatabase()
ORDER BY table, position`,
      format: 'JSONEachRow',
    });
    return await result.json<ColumnType>();
  } catch (error) {
    throw warehouseError(error, 'read the columns of the tables');
  }
}
