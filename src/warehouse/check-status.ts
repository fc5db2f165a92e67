/** In: the stored results of checks. Out: what the newest run of all checks found. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

export interface CheckStatus {
  readonly check: string;
  readonly severity: string;
  /** Rows beyond what the check tolerates; 1 for a check that could not be run; 0 = it holds. */
  readonly failures: number;
  /** When the run began, in milliseconds since 1970. */
  readonly at: number;
}

const STATUS = `
SELECT
    check,
    severity,
    toFloat64(multiIf(status = 'failed', failing, status = 'broken', 1, 0)) AS failures,
    toFloat64(toUnixTimestamp64Milli(at)) AS at
FROM check_results
WHERE run_id = (SELECT argMax(run_id, at) FROM check_results)
ORDER BY check`;

/** Empty when nothing was ever checked. @throws WarehouseError */
export async function readCheckStatus(client: ClickHouseClient): Promise<readonly CheckStatus[]> {
  try {
    const result = await client.query({ query: STATUS, format: 'JSONEachRow' });
    return await result.json<CheckStatus>();
  } catch (error) {
    throw warehouseError(error, 'read what was last checked');
  }
}
