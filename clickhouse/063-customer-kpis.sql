-- Everything known of each customer. In: customer_days, rfm_segments, churn_groups, view_settings, latest_customer_scores.
-- Out: people, and the other customer marts.

CREATE OR REPLACE VIEW obt_customer_kpis_and_segmentation_as_of
AS
WITH
    assumeNotNull((SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'gross_margin')) AS gross_margin,
    assumeNotNull((SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'churn_days')) AS churn_days,
    assumeNotNull((SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'rfm_by_quantile')) = 1 AS by_quantile,
    (
        SELECT groupArray((rfm_segmentation, r_from, r_to, f_from, f_to, m_from, m_to))
        FROM (SELECT * FROM rfm_segments FINAL ORDER BY rfm_segmentation, part)
    ) AS segments,
    (
        SELECT arraySort(groupArray((ifNull(up_to_days, 4294967295), churn_risk_group)))
        FROM churn_groups FINAL
        WHERE churn_risk_group != 'Churned'
    ) AS risk_groups,
    customers AS
    (
        SELECT
            customer_id,
            argMaxIf(tuple(country), event_date, orders > 0).1 AS country,
            minIf(event_date, orders > 0) AS first_order_date,
            maxIf(event_date, orders > 0) AS last_order_date,
            toUInt32({as_of: Date} - last_order_date) AS recency_days,
            toUInt32({as_of: Date} - first_order_date) AS tenure_days,
            uniqExactArray(invoices) AS frequency,
            countIf(orders > 0) AS purchase_days,
            sum(d.lines) AS lines,
            sum(d.units) AS units,
            sum(revenue) AS monetary,
            sum(d.returned_revenue) AS returned_revenue,
            monetary - returned_revenue AS net_revenue
        FROM customer_days AS d
        WHERE event_date < {as_of: Date}
        GROUP BY customer_id
        HAVING frequency > 0
    ),
    scored AS
    (
        SELECT
            *,
            -- A value is above the p-th percentile (interpolated) exactly if its rank is: (rank - 1) / (customers - 1) > p / 100.
            count() OVER () - 1 AS others,
            100 * (rank() OVER (ORDER BY recency_days) - 1) AS recency_rank,
            100 * (rank() OVER (ORDER BY frequency) - 1) AS frequency_rank,
            100 * (rank() OVER (ORDER BY monetary) - 1) AS monetary_rank,
            toUInt8(if(
                by_quantile,
                5 - arrayCount(p -> recency_rank > p * others, [20, 40, 60, 80]),
                ntile(5) OVER (ORDER BY recency_days DESC, customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            )) AS r_score,
            toUInt8(if(
                by_quantile,
                1 + arrayCount(p -> frequency_rank > p * others, [20, 40, 60, 80]),
                ntile(5) OVER (ORDER BY frequency, customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            )) AS f_score,
            toUInt8(if(
                by_quantile,
                1 + arrayCount(p -> monetary_rank > p * others, [20, 40, 60, 80]),
                ntile(5) OVER (ORDER BY monetary, customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            )) AS m_score
        FROM customers
    ),
    grouped AS
    (
        SELECT
            *,
            arrayFirst(
                s -> (r_score BETWEEN s.2 AND s.3) AND (f_score BETWEEN s.4 AND s.5) AND (m_score BETWEEN s.6 AND s.7),
                segments
            ).1 AS segment,
            arrayFirst(g -> recency_days <= g.1, risk_groups).2 AS risk_group
        FROM scored
    )
SELECT
    grouped.customer_id AS customer_id,
    {as_of: Date} AS snapshot_date,
    country,
    first_order_date,
    last_order_date,
    recency_days,
    tenure_days,
    frequency,
    purchase_days,
    lines,
    units,
    monetary,
    returned_revenue,
    net_revenue,
    toFloat64(monetary) / frequency AS aov_order,
    toFloat64(monetary) / lines AS aov_line,
    if(frequency > 1, (last_order_date - first_order_date) / (frequency - 1), NULL) AS avg_days_between_orders,
    r_score,
    f_score,
    m_score,
    concat(toString(r_score), toString(f_score), toString(m_score)) AS rfm_score,
    if(segment = '', 'Unknown', segment) AS rfm_segmentation,
    (recency_days > churn_days)::Bool AS is_churned,
    multiIf(is_churned, 'Churned', risk_group = '', 'Unknown', risk_group) AS churn_risk_group,
    toFloat64(monetary) * gross_margin AS cltv_historic,
    aov_line * frequency * tenure_days * gross_margin AS cltv_seed,
    predicted.cltv_predicted AS cltv_predicted,
    -- The rank of monetary is that of cltv_historic.
    multiIf(monetary_rank <= 33 * others, 'Low', monetary_rank <= 66 * others, 'Medium', 'High') AS cltv_profit_segmentation,
    now64(3, 'UTC') AS computed_at
FROM grouped
LEFT JOIN
(
    SELECT
        customer_id,
        cltv_predicted
    FROM latest_customer_scores
) AS predicted ON predicted.customer_id = grouped.customer_id
ORDER BY customer_id
COMMENT 'obt_customer_kpis_and_segmentation from the orders of the days before as_of: SELECT … FROM obt_customer_kpis_and_segmentation_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW obt_customer_kpis_and_segmentation
(
    customer_id String COMMENT 'Customer',
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    country Nullable(String) COMMENT 'Country on the day of the last order, in one spelling (see countries); NULL unknown',
    first_order_date Date COMMENT 'Calendar day of the first order',
    last_order_date Date COMMENT 'Calendar day of the last order',
    recency_days UInt32 COMMENT 'Days from the last order to the snapshot: 1 or more',
    tenure_days UInt32 COMMENT 'Days from the first order to the snapshot: 1 or more',
    frequency UInt64 COMMENT 'Orders: distinct invoices with a sale',
    purchase_days UInt64 COMMENT 'Distinct days with an order',
    lines UInt64 COMMENT 'Lines sold',
    units Int64 COMMENT 'Units sold',
    monetary Decimal(38, 4) COMMENT 'Revenue of the lines sold, in the shop''s currency; returns are not taken off',
    returned_revenue Decimal(38, 4) COMMENT 'What was returned or cancelled, never below 0',
    net_revenue Decimal(38, 4) COMMENT 'monetary less returned_revenue',
    aov_order Float64 COMMENT 'Average value of an order: monetary / frequency',
    aov_line Float64 COMMENT 'Average value of a line: monetary / lines',
    avg_days_between_orders Nullable(Float64) COMMENT 'Days from the first order to the last / (frequency - 1); NULL with one order',
    r_score UInt8 COMMENT 'Recency, 1 to 5; 5 = bought most recently. Buckets of equal size, equal values in the order of customer_id; or with RFM_MODE quantile equal values share a bucket',
    f_score UInt8 COMMENT 'Frequency, 1 to 5; 5 = most orders',
    m_score UInt8 COMMENT 'Monetary, 1 to 5; 5 = most revenue',
    rfm_score String COMMENT 'The three scores in a row, such as 155',
    rfm_segmentation LowCardinality(String) COMMENT 'Segment by the table rfm_segments, which says what to do about each: Champions = buy often, lately and most; Loyal Customers = often; Potential Loyalists = lately and more than once; New Customers, Promising = lately, for the first time or nearly; Need Attention = middling; About to Sleep = fading; At Risk = were good, long ago; Cannot Lose Them = were among the best, long ago; Hibernating = little, long ago; Unknown = no range covers the scores: mend rfm_segments',
    is_churned Bool COMMENT 'recency_days > CHURN_DAYS (default 90)',
    churn_risk_group LowCardinality(String) COMMENT 'By recency_days and the table churn_groups: Low <= 30 = nothing to do; Medium <= 60 = remind them; High = make an offer now; Churned = more than CHURN_DAYS; Unknown = no group fits: mend churn_groups',
    cltv_historic Float64 COMMENT 'What the customer has brought: monetary * GROSS_MARGIN (default 0.60)',
    cltv_seed Float64 COMMENT 'aov_line * frequency * tenure_days * GROSS_MARGIN: only to compare with older reports, its unit is meaningless',
    cltv_predicted Nullable(Float64) COMMENT 'What the customer is expected to bring within the horizon, gross margin, by latest_customer_scores, which says as of which day; NULL while no scoring run has said so',
    cltv_profit_segmentation LowCardinality(String) COMMENT 'By the 33rd and 66th percentile of cltv_historic (interpolated): Low = up to the 33rd; Medium = up to the 66th; High = above',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    customer_id,
    snapshot_date,
    country,
    first_order_date,
    last_order_date,
    recency_days,
    tenure_days,
    frequency,
    purchase_days,
    lines,
    units,
    monetary,
    returned_revenue,
    net_revenue,
    aov_order,
    aov_line,
    avg_days_between_orders,
    r_score,
    f_score,
    m_score,
    rfm_score,
    rfm_segmentation,
    is_churned,
    churn_risk_group,
    cltv_historic,
    cltv_seed,
    cltv_predicted,
    cltv_profit_segmentation,
    computed_at
FROM obt_customer_kpis_and_segmentation_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) + 1 FROM stream_watermarks WHERE stream = 'order-lines'))
COMMENT 'One row per customer with an order: behaviour, RFM scores and segment, churn risk, value. As of the day after the latest watermark''s day; for another day ask obt_customer_kpis_and_segmentation_as_of(as_of = …).';
