/** In: a migrated database and the files that made it. Out: its tables and columns, and what each is made from. */
import { readSchemaFiles } from '../../src/warehouse/schema-files.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

export interface Table {
  readonly name: string;
  readonly kind: 'view' | 'table' | 'feed';
  readonly comment: string;
  readonly columns: readonly Column[];
  /** What it is computed from, by name; empty for what the processor or a person writes. */
  readonly from: readonly string[];
  /** The statement of a view; empty for a table. */
  readonly select: string;
}

const TABLES = `
SELECT name, engine, comment, as_select
FROM system.tables
WHERE database = currentDatabase() AND NOT startsWith(name, '.')
ORDER BY name`;
const COLUMNS = `
SELECT table, name, type, comment
FROM system.columns
WHERE database = currentDatabase()
ORDER BY table, position`;
const WIDE_LINE = /^ *-- wide: (\S*\{type\}\S*) (\S+) COMMENT '(.*)'$/gm;

export async function readShape(ch: TestClickHouse): Promise<readonly Table[]> {
  const text = (value: unknown) => String(value);
  const tables = await ch.rows(TABLES);
  const columns = await ch.rows(COLUMNS);
  const statements = (await readSchemaFiles()).flatMap((file) => file.statements);
  const refreshes = (await readSchemaFiles()).flatMap((file) => file.refreshes);
  const names = new Set(tables.map(({ name }) => text(name)));
  const feeds = statements.flatMap((statement) => {
    const [, target] =
      /^CREATE MATERIALIZED VIEW IF NOT EXISTS \w+ TO (\w+)/m.exec(statement) ?? [];
    return target === undefined ? [] : [{ table: target, statement }];
  });
  return tables.map(({ name, engine, comment, as_select }) => {
    const table = text(name);
    const made = statements.find((each) => new RegExp(`VIEW ${table}\\s*[(\\n]`).test(each)) ?? '';
    const filled = [...refreshes, ...feeds].filter((each) => each.table === table);
    const sql = [text(as_select), made, ...filled.map(({ statement }) => statement)].join('\n');
    return {
      name: table,
      kind: engine === 'View' ? 'view' : engine === 'MaterializedView' ? 'feed' : 'table',
      comment: text(comment),
      columns: [
        ...columns
          .filter((column) => column['table'] === table)
          .map((column) => ({
            name: text(column['name']),
            type: text(column['type']),
            comment: text(column['comment']),
          })),
        ...wideColumns(made),
      ],
      from: readFrom(sql, names).filter((each) => each !== table),
      select: text(as_select),
    };
  });
}

/** The columns that each event type gets, `<event_type>` in the type's place. */
function wideColumns(statement: string): readonly Column[] {
  return [...statement.matchAll(WIDE_LINE)].map(([, name = '', type = '', comment = '']) => ({
    name: name.replaceAll('{type}', '<event_type>'),
    type,
    comment: comment.replaceAll('{type}', '<event_type>').replaceAll("''", "'"),
  }));
}

function readFrom(sql: string, names: ReadonlySet<string>): readonly string[] {
  const found = [...sql.matchAll(/\b(?:FROM|JOIN)\s+(?:\w+\.)?`?(\w+)/g)].map(
    ([, name = '']) => name,
  );
  return [...new Set(found)].filter((name) => names.has(name)).sort();
}
