/**
 * In: the numbered files of `clickhouse/`. Out: their statements: those that make the schema, and those
 * that bring a stored mart up to date.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { sqlStatements } from './sql-statements.ts';

export interface SchemaFile {
  /** Name of the file, without its extension. */
  readonly name: string;
  /** SHA-256 of `statements`, hexadecimal. */
  readonly checksum: string;
  /** What makes the tables and views, in order; each can be run again and again. */
  readonly statements: readonly string[];
  /** What keeps stored marts up to date. */
  readonly refreshes: readonly RefreshStatement[];
}

/**
 * A statement below a line `-- refresh TABLE from SOURCE` or
 * `-- refresh TABLE by KEY from SOURCE and SOURCE`, the latter perhaps with `, N at a time`.
 */
export interface RefreshStatement {
  readonly table: string;
  /** The column by whose values parts of it are computed anew; undefined: it is computed as a whole. */
  readonly key: string | undefined;
  /** The tables whose versions decide whether it is stale: one, or for parts of it any number. */
  readonly sources: readonly [string, ...string[]];
  /** How many keys are computed at a time: it bounds the memory. Default 50,000. */
  readonly atOnce: number;
  readonly statement: string;
}

const FOLDER = new URL('../../clickhouse/', import.meta.url);
const KEYS_AT_ONCE = 50_000;
const REFRESH = /^-- refresh (\w+)(?: by (\w+))? from (\w+)((?: and \w+)*)(?:, (\d+) at a time)?$/m;

/** In the order of their numbers. */
export async function readSchemaFiles(): Promise<readonly SchemaFile[]> {
  const files = (await readdir(FOLDER))
    .filter((file) => /^\d{3}-[a-z0-9-]+\.sql$/.test(file))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, FOLDER), 'utf8');
      const statements: string[] = [];
      const refreshes: RefreshStatement[] = [];
      for (const statement of sqlStatements(text)) {
        const [, table, key, source, others = '', atOnce] = REFRESH.exec(statement) ?? [];
        if (table === undefined || source === undefined) {
          statements.push(withDefiner(statement));
          continue;
        }
        const [, ...more] = others.split(' and ');
        refreshes.push({
          table,
          key,
          sources: [source, ...more],
          statement,
          atOnce: Number(atOnce ?? KEYS_AT_ONCE),
        });
      }
      return {
        name: file.slice(0, -'.sql'.length),
        checksum: createHash('sha256').update(statements.join(';\n')).digest('hex'),
        statements,
        refreshes,
      };
    }),
  );
}

/**
 * A view that reads with the rights of who made it: whoever may read the view needs none on the tables
 * behind it. ClickHouse has a setting for this, and by default ignores it.
 */
function withDefiner(statement: string): string {
  return statement.replace(
    /^(CREATE OR REPLACE VIEW [\s\S]*?\n)AS\n/m,
    '$1DEFINER = CURRENT_USER SQL SECURITY DEFINER\nAS\n',
  );
}
