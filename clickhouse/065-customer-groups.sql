-- The groups that customers are in, each with what it means and how much it weighs. In: obt_customer_kpis_and_segmentation,
-- rfm_segments, churn_groups. Out: people.

CREATE OR REPLACE VIEW dim_rfm_group_as_of
AS
SELECT
    g.name AS rfm_segmentation,
    g.scores AS scores,
    g.description AS description,
    {as_of: Date} AS snapshot_date,
    ifNull(c.customers, 0) AS customers,
    100 * customers / nullIf(sum(customers) OVER (), 0) AS customers_pct,
    ifNull(c.orders, 0) AS orders,
    ifNull(c.revenue, 0) AS revenue,
    100 * toFloat64(revenue) / nullIf(toFloat64(sum(revenue) OVER ()), 0) AS revenue_pct,
    if(customers = 0, NULL, c.sum_recency_days / customers) AS avg_recency_days,
    if(customers = 0, NULL, orders / customers) AS avg_frequency,
    if(customers = 0, NULL, toFloat64(revenue) / customers) AS avg_monetary,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        rfm_segmentation AS name,
        arrayStringConcat(groupArray(concat(toString(r_from), '-', toString(r_to), '/', toString(f_from), '-', toString(f_to), '/', toString(m_from), '-', toString(m_to))), ', ') AS scores,
        any(description) AS description,
        -- From those who bought most recently and most often to those who did not.
        -max(r_to + f_to + m_to) AS place
    FROM
    (
        SELECT *
        FROM rfm_segments FINAL
        ORDER BY
            rfm_segmentation,
            part
    )
    GROUP BY name
) AS g
LEFT JOIN
(
    SELECT
        rfm_segmentation AS name,
        count() AS customers,
        sum(frequency) AS orders,
        sum(monetary) AS revenue,
        sum(recency_days) AS sum_recency_days,
        min(cltv_historic) AS least,
        max(cltv_historic) AS most
    FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date})
    GROUP BY name
) AS c ON c.name = g.name
ORDER BY
    g.place,
    g.name
COMMENT 'dim_rfm_group from the orders of the days before as_of: SELECT … FROM dim_rfm_group_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW dim_rfm_group
(
    rfm_segmentation LowCardinality(String) COMMENT 'Segment by recency, frequency and money',
    scores String COMMENT 'Ranges of r/f/m that make the segment, such as 4-5/4-5/4-5',
    description String COMMENT 'Who these customers are, and what to do about them',
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    customers UInt64 COMMENT 'Customers in the group',
    customers_pct Nullable(Float64) COMMENT 'In percent of all customers; NULL without customers',
    orders UInt64 COMMENT 'Their orders',
    revenue Decimal(38, 4) COMMENT 'Sum of their monetary, in the shop''s currency',
    revenue_pct Nullable(Float64) COMMENT 'In percent of all revenue; NULL without revenue',
    avg_recency_days Nullable(Float64) COMMENT 'Mean of their recency_days; NULL without customers',
    avg_frequency Nullable(Float64) COMMENT 'Mean of their frequency; NULL without customers',
    avg_monetary Nullable(Float64) COMMENT 'Mean of their monetary; NULL without customers',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    rfm_segmentation,
    scores,
    description,
    snapshot_date,
    customers,
    customers_pct,
    orders,
    revenue,
    revenue_pct,
    avg_recency_days,
    avg_frequency,
    avg_monetary,
    computed_at
FROM dim_rfm_group_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) + 1 FROM stream_watermarks WHERE stream = 'order-lines'))
COMMENT 'Segments of customers by recency, frequency and money; those without customers too. As of the day after the latest watermark''s day; for another day ask dim_rfm_group_as_of(as_of = …).';

CREATE OR REPLACE VIEW dim_cltv_group_as_of
AS
SELECT
    g.name AS cltv_profit_segmentation,
    g.description AS description,
    if(customers = 0, NULL, c.least) AS min_cltv_historic,
    if(customers = 0, NULL, c.most) AS max_cltv_historic,
    {as_of: Date} AS snapshot_date,
    ifNull(c.customers, 0) AS customers,
    100 * customers / nullIf(sum(customers) OVER (), 0) AS customers_pct,
    ifNull(c.orders, 0) AS orders,
    ifNull(c.revenue, 0) AS revenue,
    100 * toFloat64(revenue) / nullIf(toFloat64(sum(revenue) OVER ()), 0) AS revenue_pct,
    if(customers = 0, NULL, c.sum_recency_days / customers) AS avg_recency_days,
    if(customers = 0, NULL, orders / customers) AS avg_frequency,
    if(customers = 0, NULL, toFloat64(revenue) / customers) AS avg_monetary,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        group.1 AS name,
        group.2 AS description,
        group.3 AS place
    FROM
    (
        SELECT arrayJoin([
            ('High', 'The third that has brought most: look after them in person', 1),
            ('Medium', 'The third in the middle: offer what leads to larger or more frequent orders', 2),
            ('Low', 'The third that has brought least: serve them at low cost', 3)
        ]) AS group
    )
) AS g
LEFT JOIN
(
    SELECT
        cltv_profit_segmentation AS name,
        count() AS customers,
        sum(frequency) AS orders,
        sum(monetary) AS revenue,
        sum(recency_days) AS sum_recency_days,
        min(cltv_historic) AS least,
        max(cltv_historic) AS most
    FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date})
    GROUP BY name
) AS c ON c.name = g.name
ORDER BY
    g.place,
    g.name
COMMENT 'dim_cltv_group from the orders of the days before as_of: SELECT … FROM dim_cltv_group_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW dim_cltv_group
(
    cltv_profit_segmentation LowCardinality(String) COMMENT 'Low = cltv_historic up to its 33rd percentile, Medium = up to the 66th, High = above',
    description String COMMENT 'Who these customers are, and what to do about them',
    min_cltv_historic Nullable(Float64) COMMENT 'Least cltv_historic in the group; NULL without customers',
    max_cltv_historic Nullable(Float64) COMMENT 'Highest cltv_historic in the group; NULL without customers',
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    customers UInt64 COMMENT 'Customers in the group',
    customers_pct Nullable(Float64) COMMENT 'In percent of all customers; NULL without customers',
    orders UInt64 COMMENT 'Their orders',
    revenue Decimal(38, 4) COMMENT 'Sum of their monetary, in the shop''s currency',
    revenue_pct Nullable(Float64) COMMENT 'In percent of all revenue; NULL without revenue',
    avg_recency_days Nullable(Float64) COMMENT 'Mean of their recency_days; NULL without customers',
    avg_frequency Nullable(Float64) COMMENT 'Mean of their frequency; NULL without customers',
    avg_monetary Nullable(Float64) COMMENT 'Mean of their monetary; NULL without customers',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    cltv_profit_segmentation,
    description,
    min_cltv_historic,
    max_cltv_historic,
    snapshot_date,
    customers,
    customers_pct,
    orders,
    revenue,
    revenue_pct,
    avg_recency_days,
    avg_frequency,
    avg_monetary,
    computed_at
FROM dim_cltv_group_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) + 1 FROM stream_watermarks WHERE stream = 'order-lines'))
COMMENT 'Thirds of the customers by what they have brought; those without customers too. As of the day after the latest watermark''s day; for another day ask dim_cltv_group_as_of(as_of = …).';

CREATE OR REPLACE VIEW dim_churn_group_as_of
AS
SELECT
    g.name AS churn_risk_group,
    g.up_to_days AS up_to_days,
    g.description AS description,
    {as_of: Date} AS snapshot_date,
    ifNull(c.customers, 0) AS customers,
    100 * customers / nullIf(sum(customers) OVER (), 0) AS customers_pct,
    ifNull(c.orders, 0) AS orders,
    ifNull(c.revenue, 0) AS revenue,
    100 * toFloat64(revenue) / nullIf(toFloat64(sum(revenue) OVER ()), 0) AS revenue_pct,
    if(customers = 0, NULL, c.sum_recency_days / customers) AS avg_recency_days,
    if(customers = 0, NULL, orders / customers) AS avg_frequency,
    if(customers = 0, NULL, toFloat64(revenue) / customers) AS avg_monetary,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        churn_risk_group AS name,
        if(name = 'Churned', NULL, up_to_days) AS up_to_days,
        description,
        if(name = 'Churned', 4294967296, ifNull(up_to_days, 4294967295)) AS place
    FROM churn_groups FINAL
) AS g
LEFT JOIN
(
    SELECT
        churn_risk_group AS name,
        count() AS customers,
        sum(frequency) AS orders,
        sum(monetary) AS revenue,
        sum(recency_days) AS sum_recency_days,
        min(cltv_historic) AS least,
        max(cltv_historic) AS most
    FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date})
    GROUP BY name
) AS c ON c.name = g.name
ORDER BY
    g.place,
    g.name
COMMENT 'dim_churn_group from the orders of the days before as_of: SELECT … FROM dim_churn_group_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW dim_churn_group
(
    churn_risk_group LowCardinality(String) COMMENT 'Group by the days since the last order',
    up_to_days Nullable(UInt32) COMMENT 'Longest recency_days of the group; NULL: no limit of its own',
    description String COMMENT 'What it means, and what to do about it',
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    customers UInt64 COMMENT 'Customers in the group',
    customers_pct Nullable(Float64) COMMENT 'In percent of all customers; NULL without customers',
    orders UInt64 COMMENT 'Their orders',
    revenue Decimal(38, 4) COMMENT 'Sum of their monetary, in the shop''s currency',
    revenue_pct Nullable(Float64) COMMENT 'In percent of all revenue; NULL without revenue',
    avg_recency_days Nullable(Float64) COMMENT 'Mean of their recency_days; NULL without customers',
    avg_frequency Nullable(Float64) COMMENT 'Mean of their frequency; NULL without customers',
    avg_monetary Nullable(Float64) COMMENT 'Mean of their monetary; NULL without customers',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    churn_risk_group,
    up_to_days,
    description,
    snapshot_date,
    customers,
    customers_pct,
    orders,
    revenue,
    revenue_pct,
    avg_recency_days,
    avg_frequency,
    avg_monetary,
    computed_at
FROM dim_churn_group_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) + 1 FROM stream_watermarks WHERE stream = 'order-lines'))
COMMENT 'Groups of customers by the days since their last order; those without customers too. As of the day after the latest watermark''s day; for another day ask dim_churn_group_as_of(as_of = …).';
