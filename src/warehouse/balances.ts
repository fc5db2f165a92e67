/** In: the stored breaches of balances. Out: how many there are, and how many users are below zero now. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

/** As of the last refresh. */
export interface BalanceCounts {
  /** Users whose balance is below zero. */
  readonly negativeUsers: number;
  /** Breaches that are not healed. */
  readonly openBreaches: number;
  /** All breaches, healed ones too. */
  readonly breaches: number;
}

const COUNTS = `
SELECT
    toFloat64(countIf(open > 0)) AS negativeUsers,
    toFloat64(sum(open)) AS openBreaches,
    toFloat64(sum(number)) AS breaches
FROM
(
    SELECT
        length(breaches) AS number,
        countEqual(breaches.healed_at, NULL) AS open
    FROM balance_breaches_rows FINAL
)`;

/** @throws WarehouseError */
export async function readBalanceCounts(client: ClickHouseClient): Promise<BalanceCounts> {
  try {
    const result = await client.query({ query: COUNTS, format: 'JSONEachRow' });
    const [counts] = await result.json<BalanceCounts>();
    return counts ?? { negativeUsers: 0, openBreaches: 0, breaches: 0 };
  } catch (error) {
    throw warehouseError(error, 'count the balances below zero');
  }
}
