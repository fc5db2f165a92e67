/** In: a query of a check. Out: its rows as objects, 64-bit integers as numbers. It cannot write. */
import type { ClickHouseClient } from '@clickhouse/client';

export async function ask<T>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<T[]> {
  const result = await client.query({
    query,
    query_params: { ...parameters },
    format: 'JSONEachRow',
    abort_signal: signal,
    clickhouse_settings: {
      output_format_json_quote_64bit_integers: 0,
      readonly: '2',
      // Many queries, each asked once: to compile their expressions takes longer than it saves.
      compile_expressions: 0,
      compile_aggregate_expressions: 0,
      compile_sort_description: 0,
    },
  });
  return result.json<T>();
}
