/** In: the growth tables and ClickHouse's own. Out: the few numbers that alerts and dashboards watch. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';
import { rowsOf } from './rows.ts';

/** The last complete day, or calendar month. */
export interface GrowthPeriod {
  /** When it began, in seconds since 1970, by the calendar of the database's time zone read as UTC. */
  readonly start: number;
  readonly activeUsers: number;
  readonly newUsers: number;
  readonly retainedUsers: number;
  readonly resurrectedUsers: number;
  readonly churnedUsers: number;
  /** (new + resurrected) / churned; null when nobody churned. */
  readonly quickRatio: number | null;
}

export interface Growth {
  readonly period: 'day' | 'month';
  /** The last complete one, after the one before; fewer where there are none. */
  readonly latest: readonly GrowthPeriod[];
  /** How many days or months, complete or not, whose users do not add up. */
  readonly brokenIdentities: number;
}

export interface VitalSigns {
  readonly growth: readonly Growth[];
  /** Of each stored table: the most active parts that one of its partitions has. */
  readonly parts: readonly { readonly table: string; readonly parts: number }[];
}

const GROWTH = `
SELECT
    period,
    countIf(active_users != new_users + retained_users + resurrected_users
        OR change != toInt64(new_users + resurrected_users) - toInt64(churned_users)) AS brokenIdentities,
    arraySlice(arraySort(latest -> latest.start, groupArrayIf(
        CAST(
            (toUnixTimestamp(start), active_users, new_users, retained_users, resurrected_users, churned_users, quick_ratio)
            AS Tuple(start Float64, activeUsers Float64, newUsers Float64, retainedUsers Float64, resurrectedUsers Float64, churnedUsers Float64, quickRatio Nullable(Float64))
        ),
        is_complete
    )), -2) AS latest
FROM
(
    SELECT
        'day' AS period,
        toDateTime(event_date, 'UTC') AS start,
        daily_active_users AS active_users,
        new_users,
        retained_users,
        resurrected_users,
        churned_users,
        dau_growth AS change,
        daily_quick_ratio AS quick_ratio,
        is_complete
    FROM growth_metrics
    UNION ALL
    SELECT
        'month' AS period,
        toDateTime(activity_month, 'UTC') AS start,
        total_mau AS active_users,
        new_users,
        retained_users,
        resurrected_users,
        churned_users,
        toInt64(total_mau) - lagInFrame(toNullable(toInt64(total_mau))) OVER (ORDER BY activity_month ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS change,
        quick_ratio,
        is_complete
    FROM quick_ratio_analysis
)
GROUP BY period
ORDER BY period`;

const PARTS = `
SELECT
    table,
    max(parts) AS parts
FROM
(
    SELECT
        table,
        count() AS parts
    FROM system.parts
    WHERE active AND database = currentDatabase()
    GROUP BY table, partition_id
)
GROUP BY table
ORDER BY table`;

/** @throws WarehouseError */
export async function readVitalSigns(
  client: ClickHouseClient,
  signal?: AbortSignal,
): Promise<VitalSigns> {
  try {
    const [growth, parts] = await Promise.all([
      rowsOf<VitalSigns['growth'][number]>(client, GROWTH, {}, signal),
      rowsOf<VitalSigns['parts'][number]>(client, PARTS, {}, signal),
    ]);
    return { growth, parts };
  } catch (error) {
    throw warehouseError(error, 'read growth and the number of parts');
  }
}
