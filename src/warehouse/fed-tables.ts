/**
 * Tables that materialized views feed with every insert. In: the statements of the schema. Out: the same
 * tables with every row that there is, also those that came while a feed was away or was cut off.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';
import { readSchemaFiles } from './schema-files.ts';

const FEED = /^CREATE MATERIALIZED VIEW IF NOT EXISTS \w+ TO (\w+)/m;
const FILLING = /^INSERT INTO (\w+)\s+SELECT/m;

/**
 * Stores the rows of a table once more where not all of them are there; one that is there already is the
 * same row, but doubles what marts have to read until it is merged away.
 * @throws WarehouseError
 */
export async function refillFedTables(
  client: ClickHouseClient,
  signal: AbortSignal | undefined,
): Promise<void> {
  const statements = (await readSchemaFiles()).flatMap((file) => file.statements);
  const fed = new Set(statements.map((statement) => FEED.exec(statement)?.[1]));
  for (const query of statements) {
    const table = FILLING.exec(query)?.[1];
    if (table === undefined || !fed.has(table)) continue;
    try {
      if (await isWhole(client, table, query, signal)) continue;
      await client.command({
        query,
        ...(signal && { abort_signal: signal }),
        clickhouse_settings: {
          // Blocks as large as ClickHouse likes them would take a gigabyte.
          min_insert_block_size_rows: '100000',
          min_insert_block_size_bytes: '67108864',
          send_progress_in_http_headers: 1,
          http_headers_progress_interval_ms: '10000',
        },
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw warehouseError(error, `fill ${table} anew`);
    }
  }
}

/** Whether a table that is fed row by row has the same versions of the same rows as what feeds it. */
async function isWhole(
  client: ClickHouseClient,
  table: string,
  filling: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const source = /\bFROM (\w+)/.exec(filling)?.[1];
  if (source === undefined || !/^ +version$/m.test(filling)) return false;
  const held = (from: string): string =>
    `(SELECT (count(), sum(cityHash64(user_id, event_date, source, version))) FROM ${from} FINAL)`;
  const result = await client.query({
    query: `SELECT ${held(source)} = ${held(table)} AS whole`,
    format: 'JSONEachRow',
    clickhouse_settings: { do_not_merge_across_partitions_select_final: 1 },
    ...(signal && { abort_signal: signal }),
  });
  const [row] = await result.json<{ whole: number }>();
  return row?.whole === 1;
}
