/** In: the runs of scoring. Out: when each model was last computed, and how far the world has moved since. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

export interface ScoringStatus {
  readonly model: string;
  /** When its last run finished, in milliseconds since 1970. */
  readonly lastSuccessAt: number;
  /** Population stability index of the feature that moved most since the run before; null without one. */
  readonly maxFeaturePsi: number | null;
  /** That of the scores. */
  readonly scorePsi: number | null;
}

const STATUS = `
SELECT
    model,
    toFloat64(toUnixTimestamp64Milli(last_success_at)) AS lastSuccessAt,
    max_feature_psi AS maxFeaturePsi,
    score_psi AS scorePsi
FROM scoring_status
ORDER BY model`;

/** @throws WarehouseError */
export async function readScoringStatus(
  client: ClickHouseClient,
): Promise<readonly ScoringStatus[]> {
  try {
    const result = await client.query({ query: STATUS, format: 'JSONEachRow' });
    return await result.json<ScoringStatus>();
  } catch (error) {
    throw warehouseError(error, 'read when scoring was last done');
  }
}
