/** In: a query. Out: its rows as objects for people and scripts: times as ISO 8601, 64-bit integers as numbers. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';

export interface IsoQuery {
  /** What it is for, as in `read the status`. */
  readonly doing: string;
  readonly query: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** @throws WarehouseError */
export async function isoRowsOf<T>(
  client: ClickHouseClient,
  { doing, query, parameters = {} }: IsoQuery,
): Promise<T[]> {
  try {
    const result = await client.query({
      query,
      query_params: { ...parameters },
      format: 'JSONEachRow',
      clickhouse_settings: {
        output_format_json_quote_64bit_integers: 0,
        date_time_output_format: 'iso',
      },
    });
    return await result.json<T>();
  } catch (error) {
    throw warehouseError(error, doing);
  }
}
