/** In: a database. Out: its replacing tables merged to one part a partition, so that reading merges nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';

export interface MergedTable {
  readonly table: string;
  /** Active parts. */
  readonly before: number;
  readonly after: number;
}

/** ClickHouse cancels the merges of a table while it clears away parts that have become empty. */
const CANCELLED = '236';
const TRIES = 8;
const PAUSE_MS = 250;

const TABLES = `
SELECT
    t.name AS table,
    countIf(p.active) AS parts
FROM system.tables AS t
LEFT JOIN system.parts AS p
    ON p.database = t.database AND p.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%ReplacingMergeTree'
GROUP BY t.name
ORDER BY t.name`;

/** Tables in which nothing is left to merge are not rewritten. */
export async function mergeParts(
  client: ClickHouseClient,
  signal: AbortSignal,
): Promise<readonly MergedTable[]> {
  const before = await partsByTable(client);
  for (const table of before.keys()) {
    await mergeTable(client, table, signal);
  }
  const after = await partsByTable(client);
  return [...before].map(([table, parts]) => ({
    table,
    before: parts,
    after: after.get(table) ?? 0,
  }));
}

async function mergeTable(
  client: ClickHouseClient,
  table: string,
  signal: AbortSignal,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    try {
      await client.command({
        query: 'OPTIMIZE TABLE {table: Identifier} FINAL',
        query_params: { table },
        clickhouse_settings: {
          optimize_skip_merged_partitions: 1,
          // The answer comes at the end; headers before it keep the connection alive.
          send_progress_in_http_headers: 1,
          http_headers_progress_interval_ms: '10000',
        },
      });
      return;
    } catch (error) {
      const fault = warehouseError(error, `merge ${table}`);
      if (fault.code !== CANCELLED || tried === TRIES) throw fault;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}

async function partsByTable(client: ClickHouseClient): Promise<Map<string, number>> {
  try {
    const result = await client.query({ query: TABLES, format: 'JSONEachRow' });
    const rows = await result.json<{ table: string; parts: string }>();
    return new Map(rows.map(({ table, parts }) => [table, Number(parts)]));
  } catch (error) {
    throw warehouseError(error, 'look at the stored parts');
  }
}
