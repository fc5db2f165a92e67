/**
 * Columns per event type. In: the catalogue, and the views of the schema that have lines `-- wide:`. Out:
 * the same views with one such line per event type in their place.
 *
 * Event types are data: whoever reads a table finds a new one as columns, and needs no map.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';
import { readSchemaFiles } from './schema-files.ts';

const WIDE_LINE = /^( *)-- wide: (.*)$/gm;
const VIEW = /^CREATE OR REPLACE VIEW (\w+)/m;
const COLUMN = /^ *(\w+) .*COMMENT '/;

/**
 * Gives every wide view the columns of the catalogue as it is now, and says which views were made anew.
 * Types beyond `max_wide_event_types` of `view_settings`, and those whose names make no columns, stay in
 * the maps.
 */
export async function widenViews(client: ClickHouseClient): Promise<readonly string[]> {
  try {
    await client.command({ query: ADD_TYPES });
    const listed = await rows<{ event_type: string; at_most: number }>(client, WIDE_TYPES);
    const types = withoutCollisions(listed.map((row) => row.event_type)).slice(
      0,
      listed[0]?.at_most,
    );
    const present = new Set(
      (await rows<{ name: string }>(client, COLUMNS)).map(({ name }) => name),
    );
    const made: string[] = [];
    for (const { statements } of await readSchemaFiles()) {
      const wide = statements.filter((statement) => statement.match(WIDE_LINE) !== null);
      const views = wide.map((statement) => expand(statement, types));
      // A parameterised view has no columns to look at: all views of a file are made together.
      if (views.every((view) => isCurrent(view, present))) continue;
      for (const view of views) {
        await client.command({
          query: view,
          // With 200 types it is longer than ClickHouse takes by default.
          clickhouse_settings: { max_query_size: '16777216' },
        });
        made.push(VIEW.exec(view)?.[1] ?? '');
      }
    }
    return made;
  } catch (error) {
    throw warehouseError(error, 'give event types their columns');
  }
}

/** The statement with a line per type for each line `-- wide:`. */
function expand(statement: string, types: readonly string[]): string {
  return statement.replaceAll(WIDE_LINE, (_, indent: string, template: string) =>
    types.map((type) => `${indent}${template.replaceAll('{type}', type)},`).join('\n'),
  );
}

/** Whether the view has the columns that the statement declares, and no others. */
function isCurrent(statement: string, present: ReadonlySet<string>): boolean {
  const view = VIEW.exec(statement)?.[1] ?? '';
  const declared = statement
    .split('\n')
    .map((line) => COLUMN.exec(line)?.[1])
    .filter((name) => name !== undefined)
    .map((name) => `${view}.${name}`);
  const has = [...present].filter((name) => name.startsWith(`${view}.`));
  return (
    declared.length === 0 ||
    (declared.length === has.length && declared.every((name) => present.has(name)))
  );
}

/** Without those of two names that make one column: `days_x` has `cnt_days_x_events_f7d`, and so has `x_events`. */
function withoutCollisions(types: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return types.filter((type) => {
    const columns = [`${type}_events`, `days_${type}`];
    if (columns.some((column) => taken.has(column))) return false;
    for (const column of columns) taken.add(column);
    return true;
  });
}

async function rows<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return result.json<T>();
}

const ADD_TYPES = `
INSERT INTO wide_event_types (event_type, added_at)
SELECT event_type, now64(3)
FROM event_types FINAL
WHERE match(event_type, '^[a-z][a-z0-9_]{0,127}$')
    AND event_type NOT IN (SELECT event_type FROM wide_event_types)`;

const WIDE_TYPES = `
WITH (SELECT toUInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'max_wide_event_types') AS at_most
SELECT
    event_type,
    at_most
FROM wide_event_types FINAL
WHERE event_type IN (SELECT event_type FROM event_types)
ORDER BY added_at, event_type`;

const COLUMNS = `
SELECT concat(table, '.', name) AS name
FROM system.columns
WHERE database = currentDatabase()`;
