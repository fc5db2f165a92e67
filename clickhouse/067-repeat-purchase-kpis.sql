-- Who comes back. In: obt_customer_kpis_and_segmentation. Out: people.

CREATE OR REPLACE VIEW repeat_purchase_kpis_as_of
AS
SELECT
    {as_of: Date} AS snapshot_date,
    count() AS customers,
    countIf(k.frequency = 1) AS customers_1_order,
    countIf(k.frequency = 2) AS customers_2_orders,
    countIf(k.frequency > 2) AS customers_3plus_orders,
    countIf(k.frequency > 1) AS repeat_customers,
    repeat_customers / nullIf(customers, 0) AS repeat_ratio,
    sum(k.frequency) AS orders,
    orders - customers AS repeat_orders,
    100 * repeat_orders / nullIf(orders, 0) AS repeat_orders_pct,
    sumIf(k.monetary, k.frequency > 1) AS repeat_customers_revenue,
    100 * toFloat64(repeat_customers_revenue) / nullIf(toFloat64(sum(k.monetary)), 0) AS repeat_customers_revenue_pct,
    avgOrNull(k.avg_days_between_orders) AS avg_days_between_orders,
    quantileExactInclusiveOrNull(0.5)(k.avg_days_between_orders) AS median_days_between_orders,
    now64(3, 'UTC') AS computed_at
FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date}) AS k
COMMENT 'repeat_purchase_kpis from the orders of the days before as_of: SELECT … FROM repeat_purchase_kpis_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW repeat_purchase_kpis
(
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    customers UInt64 COMMENT 'Customers with an order',
    customers_1_order UInt64 COMMENT 'Of these, with one order',
    customers_2_orders UInt64 COMMENT 'Of these, with two orders',
    customers_3plus_orders UInt64 COMMENT 'Of these, with three orders or more',
    repeat_customers UInt64 COMMENT 'Of these, with two orders or more',
    repeat_ratio Nullable(Float64) COMMENT 'Repeat customers / customers, 0 to 1; NULL without customers',
    orders UInt64 COMMENT 'Orders: distinct invoices of a customer with a sale',
    repeat_orders UInt64 COMMENT 'Orders that are not the first of their customer',
    repeat_orders_pct Nullable(Float64) COMMENT 'In percent of the orders; NULL without orders',
    repeat_customers_revenue Decimal(38, 4) COMMENT 'Revenue of the repeat customers, in the shop''s currency',
    repeat_customers_revenue_pct Nullable(Float64) COMMENT 'In percent of all revenue; NULL without revenue',
    avg_days_between_orders Nullable(Float64) COMMENT 'Mean over the repeat customers of their mean days between orders; NULL without repeat customers',
    median_days_between_orders Nullable(Float64) COMMENT 'Median of the same; NULL without repeat customers',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    snapshot_date,
    customers,
    customers_1_order,
    customers_2_orders,
    customers_3plus_orders,
    repeat_customers,
    repeat_ratio,
    orders,
    repeat_orders,
    repeat_orders_pct,
    repeat_customers_revenue,
    repeat_customers_revenue_pct,
    avg_days_between_orders,
    median_days_between_orders,
    computed_at
FROM repeat_purchase_kpis_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) + 1 FROM stream_watermarks WHERE stream = 'order-lines'))
COMMENT 'How many customers order again, how soon, and what they bring, in one row. As of the day after the latest watermark''s day; for another day ask repeat_purchase_kpis_as_of(as_of = …).';
