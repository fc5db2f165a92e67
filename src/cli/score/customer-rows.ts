/** In: customers' days and segments in ClickHouse. Out: what the models of customers are fitted on. */
import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { WorkError } from '../exit-status.ts';
import { rowsOf } from '../../warehouse/rows.ts';
import { LONG_QUERY } from './table.ts';

/** As the table customer_scores stores it. */
export interface CustomerBehaviour {
  readonly customer_id: string;
  readonly recency_days: number;
  readonly tenure_days: number;
  readonly frequency: number;
  readonly monetary: number;
  readonly r_score: number;
  readonly f_score: number;
  readonly m_score: number;
  readonly rfm_segmentation: string;
  readonly is_churned: boolean;
  readonly churn_risk_group: string;
  /** Days with purchases after the first one. */
  readonly repeat_purchase_days: number;
}

export interface CustomerRow {
  readonly behaviour: CustomerBehaviour;
  /** From the first purchase to the last one, in days. */
  readonly lastAt: number;
  /** Of the days after the first one. */
  readonly repeatRevenue: number;
}

export interface CustomerSettings {
  readonly completeBefore: string;
  readonly grossMargin: number;
  readonly horizonDays: number;
}

const CUSTOMERS = `
SELECT
    k.customer_id AS customer_id,
    k.recency_days AS recency_days,
    k.tenure_days AS tenure_days,
    k.frequency AS frequency,
    toFloat64(k.monetary) AS monetary,
    k.r_score AS r_score,
    k.f_score AS f_score,
    k.m_score AS m_score,
    k.rfm_segmentation AS rfm_segmentation,
    k.is_churned AS is_churned,
    k.churn_risk_group AS churn_risk_group,
    p.days - 1 AS repeat_purchase_days,
    p.last_day - p.first_day AS last_at,
    p.revenue - p.first_revenue AS repeat_revenue
FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date}) AS k
INNER JOIN
(
    SELECT
        customer_id,
        count() AS days,
        min(event_date) AS first_day,
        max(event_date) AS last_day,
        sum(toFloat64(d.revenue)) AS revenue,
        argMin(toFloat64(d.revenue), event_date) AS first_revenue
    FROM customer_days AS d
    WHERE event_date < {as_of: Date} AND d.revenue > 0
    GROUP BY customer_id
) AS p ON p.customer_id = k.customer_id
ORDER BY customer_id`;

/** The customers with an order before the day, and the SHA-256 of what was read. */
export async function readCustomers(
  client: ClickHouseClient,
  asOf: string,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly CustomerRow[]; readonly fingerprint: string }> {
  const hash = createHash('sha256');
  const rows: CustomerRow[] = [];
  const result = await client.query({
    query: CUSTOMERS,
    query_params: { as_of: asOf },
    format: 'JSONEachRow',
    abort_signal: signal,
    clickhouse_settings: { ...LONG_QUERY, output_format_json_quote_64bit_integers: 0 },
  });
  type Read = CustomerBehaviour & { readonly last_at: number; readonly repeat_revenue: number };
  for await (const lines of result.stream<Read>()) {
    for (const line of lines) {
      hash.update(line.text);
      const { last_at: lastAt, repeat_revenue: repeatRevenue, ...behaviour } = line.json();
      rows.push({ behaviour, lastAt, repeatRevenue });
    }
  }
  return { rows, fingerprint: hash.digest('hex') };
}

/** Throws a WorkError while there are no order lines. */
export async function customerSettings(client: ClickHouseClient): Promise<CustomerSettings> {
  const [row] = await rowsOf<CustomerSettings>(
    client,
    `
SELECT
    toString(complete_before) AS completeBefore,
    (SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'gross_margin') AS grossMargin,
    (SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'cltv_horizon_days') AS horizonDays
FROM stream_watermarks
WHERE stream = 'order-lines'`,
  );
  if (row !== undefined) return row;
  throw new WorkError(
    'there are no order lines yet: send some (`tidemark ingest FILE --stream order-lines`)',
  );
}
