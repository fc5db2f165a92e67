/** The queries behind the page of customers: customers and prices. */
import type { Dataset } from '../dataset.ts';
import { withinRange } from '../dataset.ts';

export const KPIS: Dataset = {
  name: 'customers',
  description: 'One row: all customers together.',
  views: ['obt_overall_customer_kpis'],
  sql: `SELECT
    snapshot_date,
    customers,
    orders,
    revenue,
    returned_revenue,
    aov_order,
    churn_rate_pct,
    repeat_ratio,
    avg_cltv_historic,
    avg_cltv_predicted
FROM obt_overall_customer_kpis
WHERE customers > 0`,
};

export const RFM: Dataset = {
  name: 'rfm-map',
  description: 'One row per score of recency and of frequency: the customers who have them.',
  views: ['obt_customer_kpis_and_segmentation'],
  meanings: {
    customers: 'Customers with these scores',
    revenue: 'Their revenue',
    segments: 'Segments that they belong to, which also depend on the score of money',
  },
  sql: `SELECT
    r_score,
    f_score,
    count() AS customers,
    toFloat64(sum(monetary)) AS revenue,
    arrayStringConcat(arraySort(groupUniqArray(rfm_segmentation::String)), ', ') AS segments
FROM obt_customer_kpis_and_segmentation
GROUP BY r_score, f_score
ORDER BY r_score, f_score`,
};

export const SEGMENTS: Dataset = {
  name: 'rfm-segments',
  description: 'One row per segment: its customers, its share of the revenue, and what to do.',
  views: ['dim_rfm_group'],
  sql: `SELECT rfm_segmentation, scores, description, customers, customers_pct, revenue, revenue_pct
FROM dim_rfm_group
WHERE customers > 0
ORDER BY revenue DESC`,
};

export const CHURN: Dataset = {
  name: 'churn-groups',
  description: 'One row per group by the days since the last order.',
  views: ['dim_churn_group'],
  sql: `SELECT churn_risk_group, up_to_days, description, customers, customers_pct, revenue_pct
FROM dim_churn_group
QUALIFY sum(customers) OVER () > 0
ORDER BY up_to_days IS NULL, up_to_days, churn_risk_group = 'Churned'`,
};

export const CLTV: Dataset = {
  name: 'cltv-groups',
  description: 'One row per third of the customers by what they have brought so far.',
  views: ['dim_cltv_group'],
  sql: `SELECT
    cltv_profit_segmentation,
    description,
    min_cltv_historic,
    max_cltv_historic,
    customers,
    revenue_pct
FROM dim_cltv_group
WHERE customers > 0
ORDER BY max_cltv_historic DESC`,
};

export const DAYS: Dataset = {
  name: 'customers-by-day',
  description: 'One row per day: customers who ordered, and for how much.',
  views: ['customer_engagement_daily'],
  meanings: { stickiness_pct: '100 * dau / mau' },
  sql: `SELECT
    event_date,
    dau,
    mau,
    100 * stickiness AS stickiness_pct,
    orders,
    toFloat64(revenue) AS revenue,
    is_complete
FROM customer_engagement_daily
WHERE ${withinRange('event_date', 'order-lines')}
ORDER BY event_date`,
};

export const PRICES: Dataset = {
  name: 'price-flags',
  description: 'One row per kind of price history: the articles that have it.',
  views: ['product_price_flags'],
  meanings: {
    articles: 'Articles with this flag',
    units_pct: 'In percent of all units',
  },
  sql: `SELECT
    price_flag,
    count() AS articles,
    100 * sum(units) / nullIf((SELECT sum(units) FROM product_price_flags), 0) AS units_pct
FROM product_price_flags
GROUP BY price_flag
ORDER BY articles DESC`,
};
