/** In: a query. Out: its rows as objects, 64-bit integers as numbers. */
import type { ClickHouseClient } from '@clickhouse/client';

export async function rowsOf<T>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
): Promise<T[]> {
  const result = await client.query({
    query,
    query_params: { ...parameters },
    format: 'JSONEachRow',
    ...(signal && { abort_signal: signal }),
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<T>();
}
