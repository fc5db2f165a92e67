-- The customers of the shop in one row. In: obt_customer_kpis_and_segmentation. Out: people.

CREATE OR REPLACE VIEW obt_overall_customer_kpis_as_of
AS
SELECT
    {as_of: Date} AS snapshot_date,
    count() AS customers,
    sum(k.frequency) AS orders,
    sum(k.lines) AS lines,
    sum(k.units) AS units,
    sum(k.monetary) AS revenue,
    sum(k.returned_revenue) AS returned_revenue,
    sum(k.net_revenue) AS net_revenue,
    toFloat64(revenue) / nullIf(orders, 0) AS aov_order,
    toFloat64(revenue) / nullIf(lines, 0) AS aov_line,
    toFloat64(revenue) / nullIf(customers, 0) AS avg_monetary,
    orders / nullIf(customers, 0) AS avg_frequency,
    avgOrNull(k.recency_days) AS avg_recency_days,
    avgOrNull(k.tenure_days) AS avg_tenure_days,
    countIf(k.is_churned) AS churned_customers,
    100 * churned_customers / nullIf(customers, 0) AS churn_rate_pct,
    countIf(k.frequency > 1) AS repeat_customers,
    repeat_customers / nullIf(customers, 0) AS repeat_ratio,
    sum(k.cltv_historic) AS cltv_historic,
    avgOrNull(k.cltv_historic) AS avg_cltv_historic,
    sumOrNull(k.cltv_predicted) AS cltv_predicted,
    avgOrNull(k.cltv_predicted) AS avg_cltv_predicted,
    now64(3, 'UTC') AS computed_at
FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date}) AS k
COMMENT 'obt_overall_customer_kpis from the orders of the days before as_of: SELECT … FROM obt_overall_customer_kpis_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW obt_overall_customer_kpis
(
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    customers UInt64 COMMENT 'Customers with an order',
    orders UInt64 COMMENT 'Orders: distinct invoices of a customer with a sale',
    lines UInt64 COMMENT 'Lines sold',
    units Int64 COMMENT 'Units sold',
    revenue Decimal(38, 4) COMMENT 'Revenue of the lines sold, in the shop''s currency; returns are not taken off',
    returned_revenue Decimal(38, 4) COMMENT 'What these customers returned or cancelled, never below 0',
    net_revenue Decimal(38, 4) COMMENT 'Revenue less returned_revenue',
    aov_order Nullable(Float64) COMMENT 'Average value of an order: revenue / orders; NULL without orders',
    aov_line Nullable(Float64) COMMENT 'Average value of a line: revenue / lines; NULL without orders',
    avg_monetary Nullable(Float64) COMMENT 'Revenue per customer; NULL without customers',
    avg_frequency Nullable(Float64) COMMENT 'Orders per customer; NULL without customers',
    avg_recency_days Nullable(Float64) COMMENT 'Mean days since the last order; NULL without customers',
    avg_tenure_days Nullable(Float64) COMMENT 'Mean days since the first order; NULL without customers',
    churned_customers UInt64 COMMENT 'Customers without an order for more than CHURN_DAYS (default 90)',
    churn_rate_pct Nullable(Float64) COMMENT 'In percent of the customers; NULL without customers',
    repeat_customers UInt64 COMMENT 'Customers with two orders or more',
    repeat_ratio Nullable(Float64) COMMENT 'Repeat customers / customers, 0 to 1; NULL without customers',
    cltv_historic Float64 COMMENT 'What all customers have brought: revenue * GROSS_MARGIN (default 0.60)',
    avg_cltv_historic Nullable(Float64) COMMENT 'The same per customer; NULL without customers',
    cltv_predicted Nullable(Float64) COMMENT 'What they are expected to bring within CLTV_HORIZON_DAYS, gross margin; NULL while no scoring run has said so',
    avg_cltv_predicted Nullable(Float64) COMMENT 'The same per customer that has one',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    snapshot_date,
    customers,
    orders,
    lines,
    units,
    revenue,
    returned_revenue,
    net_revenue,
    aov_order,
    aov_line,
    avg_monetary,
    avg_frequency,
    avg_recency_days,
    avg_tenure_days,
    churned_customers,
    churn_rate_pct,
    repeat_customers,
    repeat_ratio,
    cltv_historic,
    avg_cltv_historic,
    cltv_predicted,
    avg_cltv_predicted,
    computed_at
FROM obt_overall_customer_kpis_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) + 1 FROM stream_watermarks WHERE stream = 'order-lines'))
COMMENT 'Size, revenue, churn, repeat purchases and value of all customers with an order, in one row. As of the day after the latest watermark''s day; for another day ask obt_overall_customer_kpis_as_of(as_of = …).';
