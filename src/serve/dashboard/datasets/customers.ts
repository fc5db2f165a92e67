/** The queries behind the page of customers: customers and prices. */
import type { Dataset } from '../dataset.ts';
import { withinRange } from '../dataset.ts';

/** One look at the customers for all of their groups: to score them is most of the work. */
export const GROUPS: Dataset = {
  name: 'customer-groups',
  description:
    'All customers together in the first row, then a row per group: by the scores of recency and frequency, segment, risk of churn, value.',
  views: [
    'obt_overall_customer_kpis',
    'dim_churn_group',
    'dim_cltv_group',
    'obt_customer_kpis_and_segmentation',
  ],
  meanings: {
    grouping: 'What the customers are grouped by: all (not at all), scores, segment, risk, value',
    r_score: 'Recency of the group by scores, 1 to 5; 5 = bought most recently',
    f_score: 'Frequency of the group by scores, 1 to 5; 5 = most orders',
    customers: 'Customers with an order: all of them, or those in the group',
    revenue:
      'Revenue of what these customers bought, in the shop’s currency; returns are not taken off',
    segments: 'Segments that they belong to',
  },
  sql: `SELECT
    grouped.1 AS grouping,
    if(grouping = 'scores', min(k.r_score), NULL) AS r_score,
    if(grouping = 'scores', min(k.f_score), NULL) AS f_score,
    if(grouping = 'segment', grouped.2, NULL) AS rfm_segmentation,
    if(grouping = 'risk', grouped.2, NULL) AS churn_risk_group,
    if(grouping = 'value', grouped.2, NULL) AS cltv_profit_segmentation,
    any(about.description) AS description,
    any(about.up_to_days) AS up_to_days,
    any(k.snapshot_date) AS snapshot_date,
    count() AS customers,
    sum(k.frequency) AS orders,
    toFloat64(sum(k.monetary)) AS revenue,
    100 * revenue / nullIf(max(revenue) OVER (), 0) AS revenue_pct,
    revenue / orders AS aov_order,
    100 * countIf(k.is_churned) / customers AS churn_rate_pct,
    countIf(k.frequency > 1) / customers AS repeat_ratio,
    avg(k.cltv_historic) AS avg_cltv_historic,
    min(k.cltv_historic) AS min_cltv_historic,
    max(k.cltv_historic) AS max_cltv_historic,
    avgOrNull(k.cltv_predicted) AS avg_cltv_predicted,
    arrayStringConcat(arraySort(groupUniqArray(k.rfm_segmentation::String)), ', ') AS segments
FROM
(
    SELECT *, arrayJoin([
        ('all', ''),
        ('scores', concat(toString(r_score), '/', toString(f_score))),
        ('segment', rfm_segmentation::String),
        ('risk', churn_risk_group::String),
        ('value', cltv_profit_segmentation::String)
    ]) AS grouped
    FROM obt_customer_kpis_and_segmentation
) AS k
LEFT JOIN
(
    SELECT ('segment', rfm_segmentation::String) AS grouped, any(description) AS description, NULL AS up_to_days
    FROM rfm_segments FINAL
    GROUP BY grouped
    UNION ALL
    SELECT ('risk', churn_risk_group::String), description, if(churn_risk_group = 'Churned', NULL, up_to_days)
    FROM churn_groups FINAL
) AS about USING (grouped)
GROUP BY grouped
ORDER BY grouping, up_to_days IS NULL, up_to_days, churn_risk_group = 'Churned', revenue DESC`,
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
    100 * sum(units) / nullIf(sum(sum(units)) OVER (), 0) AS units_pct
FROM product_price_flags
GROUP BY price_flag
ORDER BY articles DESC`,
};
