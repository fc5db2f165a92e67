/** In: what a run of all checks found. Out: it is stored; and what runs before it had found. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';
import { rowsOf } from '../warehouse/rows.ts';
import type { CheckResult, Severity, Status } from './check.ts';

export interface CheckedRun {
  /** A UUID. */
  readonly id: string;
  readonly at: Date;
  readonly results: readonly CheckResult[];
  /** Rows by table; empty when they were not counted. */
  readonly rows: ReadonlyMap<string, number>;
}

/** @throws WarehouseError */
export async function storeRun(client: ClickHouseClient, run: CheckedRun): Promise<void> {
  const about = { run_id: run.id, at: run.at.toISOString().replace('T', ' ').replace('Z', '') };
  const failures = run.results.flatMap(({ name, rows }) =>
    rows.map((row, at) => ({ ...about, check: name, number: at + 1, row: JSON.stringify(row) })),
  );
  const counts = [...run.rows].map(([table_name, rows]) => ({ ...about, table_name, rows }));
  // The results last: who sees them finds the rest.
  await insert(client, 'check_row_counts', counts);
  await insert(client, 'check_failures', failures);
  await insert(
    client,
    'check_results',
    run.results.map(({ name, kind, severity, status, failing, seconds, reason }) => ({
      ...about,
      check: name,
      kind,
      severity,
      status,
      failing,
      seconds,
      reason,
    })),
  );
}

export interface StoredResult {
  readonly check: string;
  readonly severity: Severity;
  readonly status: Status;
  readonly failing: number;
}

export interface StoredRun {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly results: readonly StoredResult[];
  /** Rows by table; empty when they were not counted. */
  readonly rows: ReadonlyMap<string, number>;
}

/** The newest of an earlier day than this moment's, in UTC; with none, the newest; undefined: there is none. @throws WarehouseError */
export async function runToCompareWith(
  client: ClickHouseClient,
  moment: Date,
): Promise<StoredRun | undefined> {
  const today = moment.toISOString().slice(0, 10);
  const counted = 'run_id IN (SELECT run_id FROM check_row_counts)';
  return (
    (await runBy(client, `${counted} AND at < toDateTime64('${today} 00:00:00', 3, 'UTC')`)) ??
    runBy(client, counted)
  );
}

async function runBy(client: ClickHouseClient, which: string): Promise<StoredRun | undefined> {
  const results = await read<StoredResult & { at: number; run_id: string }>(
    client,
    `
SELECT run_id, check, severity, status, failing, toFloat64(toUnixTimestamp64Milli(at)) AS at
FROM check_results
WHERE run_id = (SELECT argMax(run_id, at) FROM check_results WHERE ${which})
ORDER BY check`,
  );
  const [first] = results;
  if (first === undefined) return undefined;
  const rows = await read<{ table_name: string; rows: number }>(
    client,
    `SELECT table_name, rows FROM check_row_counts WHERE run_id = '${first.run_id}'`,
  );
  return {
    at: first.at,
    results: results.map(({ check, severity, status, failing }) => ({
      check,
      severity,
      status,
      failing,
    })),
    rows: new Map(rows.map(({ table_name, rows: count }) => [table_name, count])),
  };
}

async function insert(
  client: ClickHouseClient,
  table: string,
  values: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  if (values.length === 0) return;
  try {
    await client.insert({ table, values, format: 'JSONEachRow' });
  } catch (error) {
    throw warehouseError(error, `insert into ${table}`);
  }
}

async function read<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  try {
    return await rowsOf<T>(client, query);
  } catch (error) {
    throw warehouseError(error, 'read the results of checks');
  }
}
