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

export class WideColumns {
  readonly #client: ClickHouseClient;
  /** By file, the statements that make its wide views. */
  readonly #files: readonly (readonly string[])[];
  /** The types that the views were last found, or made, to have. */
  #types: readonly string[] | undefined;

  private constructor(client: ClickHouseClient, files: readonly (readonly string[])[]) {
    this.#client = client;
    this.#files = files;
  }

  static async open(client: ClickHouseClient): Promise<WideColumns> {
    const files = (await readSchemaFiles()).map(({ statements }) =>
      statements.filter((statement) => statement.match(WIDE_LINE) !== null),
    );
    return new WideColumns(client, files);
  }

  /**
   * Gives every wide view the columns of the catalogue as it is now, and says which views were made anew.
   * Types beyond `max_wide_event_types` of `view_settings`, and those whose names make no columns, stay
   * in the maps.
   * @throws WarehouseError
   */
  async refresh(): Promise<readonly string[]> {
    try {
      const types = await this.#wideTypes();
      if (this.#types?.join() === types.join()) return [];
      const columns = await this.#rows<{ name: string }>(COLUMNS);
      const present = new Set(columns.map(({ name }) => name));
      const made: string[] = [];
      for (const statements of this.#files) {
        const views = statements.map((statement) => expand(statement, types));
        // A parameterised view has no columns to look at: all views of a file are made together.
        if (views.every((view) => isCurrent(view, present))) continue;
        for (const view of views) {
          await this.#client.command({
            query: view,
            // With 200 types it is longer than ClickHouse takes by default.
            clickhouse_settings: { max_query_size: '16777216' },
          });
          made.push(VIEW.exec(view)?.[1] ?? '');
        }
      }
      this.#types = types;
      return made;
    } catch (error) {
      throw warehouseError(error, 'give event types their columns');
    }
  }

  /** In the order in which they came: a newcomer never takes the columns of another. */
  async #wideTypes(): Promise<readonly string[]> {
    let listed = await this.#rows<ListedType>(LISTED_TYPES);
    if (listed.some(({ is_new }) => is_new)) {
      await this.#client.command({ query: ADD_TYPES });
      listed = await this.#rows<ListedType>(LISTED_TYPES);
    }
    const atMost = listed[0]?.at_most ?? 0;
    return withoutCollisions(listed.map(({ event_type }) => event_type)).slice(0, atMost);
  }

  async #rows<T>(query: string): Promise<T[]> {
    const result = await this.#client.query({ query, format: 'JSONEachRow' });
    return result.json<T>();
  }
}

interface ListedType {
  readonly event_type: string;
  readonly is_new: boolean;
  readonly at_most: number;
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

const NAMES_COLUMNS = `match(event_type, '^[a-z][a-z0-9_]{0,127}$')`;

const LISTED_TYPES = `
WITH (SELECT toUInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'max_wide_event_types') AS at_most
SELECT
    c.event_type AS event_type,
    w.event_type = '' AS is_new,
    at_most
FROM (SELECT DISTINCT event_type FROM event_types WHERE ${NAMES_COLUMNS}) AS c
LEFT JOIN (SELECT event_type, added_at FROM wide_event_types FINAL) AS w ON w.event_type = c.event_type
ORDER BY w.added_at, c.event_type`;

const ADD_TYPES = `
INSERT INTO wide_event_types (event_type, added_at)
SELECT DISTINCT event_type, now64(3)
FROM event_types
WHERE ${NAMES_COLUMNS} AND event_type NOT IN (SELECT event_type FROM wide_event_types)`;

const COLUMNS = `
SELECT concat(table, '.', name) AS name
FROM system.columns
WHERE database = currentDatabase()`;
