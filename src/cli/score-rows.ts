/** In: a query, or rows for a table. Out: rows as objects, or stored. */
import type { ClickHouseClient } from '@clickhouse/client';

/** 64-bit integers as numbers. */
export async function rowsOf<T>(
  client: ClickHouseClient,
  query: string,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<T[]> {
  const result = await client.query({
    query,
    query_params: { ...parameters },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<T>();
}

/** In portions; infinities are kept, NaN is NULL. */
export async function insertRows(
  client: ClickHouseClient,
  table: string,
  rows: Iterable<Readonly<Record<string, unknown>>>,
  signal?: AbortSignal,
): Promise<void> {
  let values: Readonly<Record<string, unknown>>[] = [];
  const flush = async () => {
    if (values.length === 0) return;
    await client.insert({
      table,
      values,
      format: 'JSONEachRow',
      ...(signal === undefined ? {} : { abort_signal: signal }),
    });
    values = [];
  };
  for (const row of rows) {
    if (values.push(withDenormals(row)) === 20_000) await flush();
  }
  await flush();
}

/** JSON knows no infinity. */
function withDenormals(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value !== 'number' || Number.isFinite(value)) return [name, value];
      return [name, Number.isNaN(value) ? null : value > 0 ? 'inf' : '-inf'];
    }),
  );
}
