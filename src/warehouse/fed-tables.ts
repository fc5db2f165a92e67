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
 * Stores all rows once more; one that is there already is the same row.
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
