-- What is measured of each customer. In: obt_customer_kpis_and_segmentation. Out: people.

CREATE OR REPLACE VIEW fct_customer_metrics_as_of
AS
SELECT
    customer_id,
    snapshot_date,
    recency_days,
    tenure_days,
    frequency,
    lines,
    units,
    monetary,
    returned_revenue,
    net_revenue,
    aov_order,
    aov_line,
    cltv_historic,
    cltv_seed,
    cltv_predicted,
    r_score,
    f_score,
    m_score,
    rfm_segmentation,
    cltv_profit_segmentation,
    churn_risk_group,
    computed_at
FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date})
COMMENT 'fct_customer_metrics from the orders of the days before as_of: SELECT … FROM fct_customer_metrics_as_of(as_of = ''2011-12-10'').';

CREATE OR REPLACE VIEW fct_customer_metrics
(
    customer_id String COMMENT 'Customer',
    snapshot_date Date COMMENT 'Day as of which the row is; orders of the days before it count',
    recency_days UInt32 COMMENT 'Days from the last order to the snapshot: 1 or more',
    tenure_days UInt32 COMMENT 'Days from the first order to the snapshot: 1 or more',
    frequency UInt64 COMMENT 'Orders: distinct invoices with a sale',
    lines UInt64 COMMENT 'Lines sold',
    units Int64 COMMENT 'Units sold',
    monetary Decimal(38, 4) COMMENT 'Revenue of the lines sold, in the shop''s currency; returns are not taken off',
    returned_revenue Decimal(38, 4) COMMENT 'What was returned or cancelled, never below 0',
    net_revenue Decimal(38, 4) COMMENT 'monetary less returned_revenue',
    aov_order Float64 COMMENT 'Average value of an order: monetary / frequency',
    aov_line Float64 COMMENT 'Average value of a line: monetary / lines',
    cltv_historic Float64 COMMENT 'What the customer has brought: monetary * GROSS_MARGIN (default 0.60)',
    cltv_seed Float64 COMMENT 'aov_line * frequency * tenure_days * GROSS_MARGIN: only to compare with older reports, its unit is meaningless',
    cltv_predicted Nullable(Float64) COMMENT 'What the customer is expected to bring within CLTV_HORIZON_DAYS, gross margin; NULL while no scoring run has said so',
    r_score UInt8 COMMENT 'Recency, 1 to 5; 5 = bought most recently',
    f_score UInt8 COMMENT 'Frequency, 1 to 5; 5 = most orders',
    m_score UInt8 COMMENT 'Monetary, 1 to 5; 5 = most revenue',
    rfm_segmentation LowCardinality(String) COMMENT 'Key of dim_rfm_group, which says what each means',
    cltv_profit_segmentation LowCardinality(String) COMMENT 'Key of dim_cltv_group: Low, Medium, High, which says what each means',
    churn_risk_group LowCardinality(String) COMMENT 'Key of dim_churn_group: Low, Medium, High, Churned, which says what each means',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    customer_id,
    snapshot_date,
    recency_days,
    tenure_days,
    frequency,
    lines,
    units,
    monetary,
    returned_revenue,
    net_revenue,
    aov_order,
    aov_line,
    cltv_historic,
    cltv_seed,
    cltv_predicted,
    r_score,
    f_score,
    m_score,
    rfm_segmentation,
    cltv_profit_segmentation,
    churn_risk_group,
    computed_at
FROM obt_customer_kpis_and_segmentation
COMMENT 'One row per customer with an order: the measures, and the keys of the groups they are in. As of the day after the latest watermark''s day; for another day ask fct_customer_metrics_as_of(as_of = …).';
