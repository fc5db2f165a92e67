/** How fresh the stored marts are, as the database remembers it. In: what a refresh did. Out: the state of each mart. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

/** How fresh a mart is, whoever refreshes it. */
export interface MartState {
  /** The stored table, without `_rows`. */
  readonly mart: string;
  /** When it was last known to be up to date, in milliseconds since 1970; null = never. */
  readonly refreshedAt: number | null;
  /** How long ago that is by the database's clock, in milliseconds; null = never. */
  readonly age: number | null;
  /** Why the last refresh failed; null = it did not. */
  readonly error: string | null;
  /** How long ago it was looked at, in milliseconds; null = never. */
  readonly checkedAgo: number | null;
}

/** What a mart was made of, too: UInt64 as text. */
export interface KeptMart extends MartState {
  readonly version: string;
  readonly madeBy: string;
}

/** A row of mart_refreshes_rows. */
export interface MartRefreshRow {
  readonly mart: string;
  readonly version: string;
  readonly made_by: string;
  readonly refreshed_at: string | null;
  readonly rows_written: number;
  /** How long it took. */
  readonly seconds: number;
  /** Empty = none. */
  readonly error: string;
}

const MART_REFRESHES = `
SELECT
    mart,
    toString(version) AS version,
    toString(made_by) AS made_by,
    toUnixTimestamp64Milli(m.refreshed_at) AS refreshed_at,
    dateDiff('millisecond', m.refreshed_at, now64(3)) AS age,
    error,
    dateDiff('millisecond', checked_at, now64(3)) AS checked_ago
FROM mart_refreshes AS m`;

/** By mart; those that were never looked at are not there. */
export async function readMartRefreshes(
  client: ClickHouseClient,
): Promise<ReadonlyMap<string, KeptMart>> {
  try {
    const result = await client.query({ query: MART_REFRESHES, format: 'JSONEachRow' });
    const rows = await result.json<{
      mart: string;
      version: string;
      made_by: string;
      refreshed_at: string | null;
      age: string | null;
      error: string;
      checked_ago: string;
    }>();
    return new Map(
      rows.map(({ mart, version, made_by, refreshed_at, age, error, checked_ago }) => [
        mart,
        {
          mart,
          version,
          madeBy: made_by,
          refreshedAt: refreshed_at === null ? null : Number(refreshed_at),
          age: age === null ? null : Number(age),
          error: error === '' ? null : error,
          checkedAgo: Number(checked_ago),
        },
      ]),
    );
  } catch (error) {
    throw warehouseError(error, 'read how fresh the marts are');
  }
}

export async function recordMartRefreshes(
  client: ClickHouseClient,
  rows: readonly MartRefreshRow[],
): Promise<void> {
  try {
    await client.insert({ table: 'mart_refreshes_rows', values: rows, format: 'JSONEachRow' });
  } catch (error) {
    throw warehouseError(error, 'record the refresh');
  }
}
