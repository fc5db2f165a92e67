/**
 * Checks of what is stored. In: `clickhouse/checks/*.sql`, each a query of the rows that are not as they
 * should be. Out: for each check whether it holds, and the rows where not.
 *
 * A file begins with `-- error: PROMISE` or `-- warn: PROMISE`, and may say `-- Remedy: WHAT TO DO`. In it
 * `{progress}` stands for the table `source_progress` as it was before the query began: what those lines
 * cover is stored, whatever processors do meanwhile.
 */
import { readFile, readdir } from 'node:fs/promises';
import { TupleParam } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

export interface Check {
  /** The file's name without its extension. */
  readonly name: string;
  readonly severity: 'error' | 'warn';
  readonly promise: string;
  readonly remedy: string;
  readonly query: string;
}

export interface CheckResult extends Omit<Check, 'query'> {
  /** How many rows are not as they should be. */
  readonly failing: number;
  /** The first of them. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly seconds: number;
}

const FOLDER = new URL('../../clickhouse/checks/', import.meta.url);
const SHOWN = 10;

/** In the order of their names. */
export async function readChecks(): Promise<readonly Check[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) => checkOf(file, await readFile(new URL(file, FOLDER), 'utf8'))),
  );
}

function checkOf(file: string, text: string): Check {
  const head = /^-- (error|warn): (.+)$/m.exec(text);
  if (head === null) throw new Error(`${file} does not begin with "-- error: …" or "-- warn: …"`);
  const remedy = /^-- Remedy: ([^]*?)(?=\n(?!-- \S)|\n-- [A-Z])/m.exec(text);
  return {
    name: file.replace(/\.sql$/, ''),
    severity: head[1] === 'error' ? 'error' : 'warn',
    promise: head[2]!,
    remedy: (remedy?.[1] ?? '').replaceAll('\n-- ', ' '),
    query: text,
  };
}

export async function runCheck(
  client: ClickHouseClient,
  check: Check,
  signal: AbortSignal,
): Promise<CheckResult> {
  const started = performance.now();
  const { query: text, ...known } = check;
  try {
    const query = text.replaceAll('{progress}', PROGRESS);
    const progress = query === text ? [] : await readProgress(client, signal);
    const result = await client.query({
      query: `SELECT *, count() OVER () AS failing__ FROM (\n${query}\n) LIMIT ${SHOWN}`,
      query_params: { progress },
      format: 'JSONEachRow',
      abort_signal: signal,
      clickhouse_settings: { join_use_nulls: 1, output_format_json_quote_64bit_integers: 0 },
    });
    const rows = await result.json<Record<string, unknown> & { failing__: number }>();
    return {
      ...known,
      failing: rows[0]?.failing__ ?? 0,
      rows: rows.map(({ failing__: _, ...row }) => row),
      seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
    };
  } catch (error) {
    throw warehouseError(error, `run the check ${check.name}`);
  }
}

const PROGRESS = `(
    SELECT line.stream AS stream, line.source AS source, line.counted_from AS counted_from,
        line.next_offset AS next_offset, line.accepted AS accepted, line.late AS late,
        line.future AS future, line.invalid AS invalid
    FROM (SELECT arrayJoin({progress: Array(Tuple(stream String, source String, counted_from UInt64,
        next_offset UInt64, accepted UInt64, late UInt64, future UInt64, invalid UInt64))}) AS line)
)`;

async function readProgress(
  client: ClickHouseClient,
  signal: AbortSignal,
): Promise<readonly TupleParam[]> {
  const result = await client.query({
    query: `
SELECT stream, source, counted_from, next_offset, accepted, late, future, invalid
FROM source_progress`,
    format: 'JSONCompactEachRow',
    abort_signal: signal,
  });
  const lines = await result.json<readonly (string | number)[]>();
  return lines.map((line) => new TupleParam(line));
}
