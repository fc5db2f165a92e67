/** In: rows for a table. Out: they are stored. */
import type { ClickHouseClient } from '@clickhouse/client';

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
