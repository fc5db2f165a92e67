/** In: a database. Out: how much is in it, how fresh it is, and what the run of the day before had found. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';
import { rowsOf } from '../warehouse/rows.ts';
import { runToCompareWith } from './stored-results.ts';
import type { StoredRun } from './stored-results.ts';

export interface DataState {
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  readonly streams: readonly StreamState[];
  readonly marts: readonly MartAge[];
  /** The run that this one is compared with; undefined: there is none. */
  readonly before: StoredRun | undefined;
}

export interface StreamState {
  readonly stream: string;
  /** When it last brought something, UTC. */
  readonly lastRecordAt: string;
  readonly secondsAgo: number;
  /** Largest event time, UTC; null before the first accepted record. */
  readonly watermark: string | null;
  readonly accepted: number;
  readonly late: number;
  readonly refused: number;
}

export interface MartAge {
  readonly mart: string;
  /** How long ago it was last up to date; null = never. */
  readonly secondsAgo: number | null;
  /** Why its last refresh failed; empty = it did not. */
  readonly error: string;
}

const COUNTED = [
  'events',
  'late_events',
  'rejected_events',
  'user_days',
  'dim_users',
  'sessions',
  'user_first_week',
  'balance_breaches',
  'users_with_negative_miles',
  'growth_metrics',
  'retention_cohorts',
  'user_attributes',
  'products',
  'subscription_plans',
  'orders',
  'order_lines',
  'late_order_lines',
  'customer_days',
  'scoring_runs',
];

const STREAMS = `
SELECT
    stream,
    formatDateTime(max(if(match(source, '^[^/:]+/[0-9]+'), coalesce(last_record_time, updated_at), updated_at)) AS last, '%F %T') AS lastRecordAt,
    toFloat64(greatest(toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(last), 0)) / 1000 AS secondsAgo,
    formatDateTime(max(watermark), '%F %T') AS watermark,
    sum(accepted) AS accepted,
    sum(late) AS late,
    sum(future + invalid) AS refused
FROM source_progress
GROUP BY stream
ORDER BY stream`;

const MARTS = `
SELECT
    mart,
    toFloat64(greatest(toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(refreshed_at), 0)) / 1000 AS secondsAgo,
    error
FROM mart_refreshes
ORDER BY mart`;

/** @throws WarehouseError */
export async function readDataState(client: ClickHouseClient, at: Date): Promise<DataState> {
  const counts = COUNTED.map((name) => `SELECT '${name}' AS table, count() AS rows FROM ${name}`);
  const [tables, streams, marts, before] = await Promise.all([
    read<DataState['tables'][number]>(client, counts.join('\nUNION ALL\n')),
    read<StreamState>(client, STREAMS),
    read<MartAge>(client, MARTS),
    runToCompareWith(client, at),
  ]);
  const inOrder = tables.toSorted((a, b) => COUNTED.indexOf(a.table) - COUNTED.indexOf(b.table));
  return { tables: inOrder, streams, marts, before };
}

async function read<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  try {
    return await rowsOf<T>(client, query);
  } catch (error) {
    throw warehouseError(error, 'read the state of the data');
  }
}
