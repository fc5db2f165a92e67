-- What customers are worth and who leaves. In: `tidemark score customers`. Out: people, cltv_predicted.

CREATE TABLE IF NOT EXISTS customer_score_rows
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    customer_id String COMMENT 'Customer',
    recency_days UInt32 COMMENT 'Days from the last order to as_of',
    tenure_days UInt32 COMMENT 'Days from the first order to as_of',
    frequency UInt64 COMMENT 'Orders: distinct invoices with a sale',
    monetary Float64 COMMENT 'Revenue of the lines sold, in the shop''s currency',
    r_score UInt8 COMMENT 'Recency, 1 to 5; 5 = bought most recently',
    f_score UInt8 COMMENT 'Frequency, 1 to 5; 5 = most orders',
    m_score UInt8 COMMENT 'Monetary, 1 to 5; 5 = most revenue',
    rfm_segmentation LowCardinality(String) COMMENT 'Segment by the scores; dim_rfm_group says what each means and what to do',
    is_churned Bool COMMENT 'Whether the last order is longer ago than CHURN_DAYS',
    churn_risk_group LowCardinality(String) COMMENT 'Low, Medium, High or Churned; dim_churn_group says what each means',
    repeat_purchase_days UInt32 COMMENT 'Days with purchases after the first one',
    probability_alive Float64 COMMENT 'Chance that the customer still buys at all, 0 to 1 (BG/NBD); 1 without a repeat purchase, of whom it knows nothing',
    expected_purchases Float64 COMMENT 'Expected number of purchase days within the horizon (BG/NBD)',
    expected_value Nullable(Float64) COMMENT 'Expected revenue of a purchase day (Gamma-Gamma); NULL where the amounts do not determine it',
    cltv_predicted Nullable(Float64) COMMENT 'Expected gross margin within the horizon: expected_purchases * expected_value * gross margin, both in the run''s parameters'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, customer_id)
COMMENT 'Scores of customers as stored, of finished and unfinished runs. Read the view customer_scores.';

CREATE OR REPLACE VIEW customer_scores
(
    run_id UUID COMMENT 'The run that computed it, see scoring_runs',
    model LowCardinality(String) COMMENT 'What the run computed: retention-drivers, users or customers',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    customer_id String COMMENT 'Customer',
    recency_days UInt32 COMMENT 'Days from the last order to as_of',
    tenure_days UInt32 COMMENT 'Days from the first order to as_of',
    frequency UInt64 COMMENT 'Orders: distinct invoices with a sale',
    monetary Float64 COMMENT 'Revenue of the lines sold, in the shop''s currency',
    r_score UInt8 COMMENT 'Recency, 1 to 5; 5 = bought most recently',
    f_score UInt8 COMMENT 'Frequency, 1 to 5; 5 = most orders',
    m_score UInt8 COMMENT 'Monetary, 1 to 5; 5 = most revenue',
    rfm_segmentation LowCardinality(String) COMMENT 'Segment by the scores; dim_rfm_group says what each means and what to do',
    is_churned Bool COMMENT 'Whether the last order is longer ago than CHURN_DAYS',
    churn_risk_group LowCardinality(String) COMMENT 'Low, Medium, High or Churned; dim_churn_group says what each means',
    repeat_purchase_days UInt32 COMMENT 'Days with purchases after the first one',
    probability_alive Float64 COMMENT 'Chance that the customer still buys at all, 0 to 1 (BG/NBD); 1 without a repeat purchase, of whom it knows nothing',
    expected_purchases Float64 COMMENT 'Expected number of purchase days within the horizon (BG/NBD)',
    expected_value Nullable(Float64) COMMENT 'Expected revenue of a purchase day (Gamma-Gamma); NULL where the amounts do not determine it',
    cltv_predicted Nullable(Float64) COMMENT 'Expected gross margin within the horizon: expected_purchases * expected_value * gross margin, both in the run''s parameters',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.model AS model,
    r.as_of AS as_of,
    s.customer_id AS customer_id,
    s.recency_days AS recency_days,
    s.tenure_days AS tenure_days,
    s.frequency AS frequency,
    s.monetary AS monetary,
    s.r_score AS r_score,
    s.f_score AS f_score,
    s.m_score AS m_score,
    s.rfm_segmentation AS rfm_segmentation,
    s.is_churned AS is_churned,
    s.churn_risk_group AS churn_risk_group,
    s.repeat_purchase_days AS repeat_purchase_days,
    s.probability_alive AS probability_alive,
    s.expected_purchases AS expected_purchases,
    s.expected_value AS expected_value,
    s.cltv_predicted AS cltv_predicted,
    r.finished_at AS computed_at
FROM (SELECT * FROM customer_score_rows FINAL) AS s
-- Without its run row nothing of a run is there.
INNER JOIN (SELECT * FROM scoring_run_rows FINAL) AS r ON r.run_id = s.run_id
COMMENT 'Scores of every customer with an order, by every finished run.';

CREATE OR REPLACE VIEW latest_customer_scores
(
    run_id UUID COMMENT 'The run that computed it: the last one promoted',
    as_of Date COMMENT 'Day as of which it was computed: only days before it count',
    customer_id String COMMENT 'Customer',
    recency_days UInt32 COMMENT 'Days from the last order to as_of',
    tenure_days UInt32 COMMENT 'Days from the first order to as_of',
    frequency UInt64 COMMENT 'Orders: distinct invoices with a sale',
    monetary Float64 COMMENT 'Revenue of the lines sold, in the shop''s currency',
    r_score UInt8 COMMENT 'Recency, 1 to 5; 5 = bought most recently',
    f_score UInt8 COMMENT 'Frequency, 1 to 5; 5 = most orders',
    m_score UInt8 COMMENT 'Monetary, 1 to 5; 5 = most revenue',
    rfm_segmentation LowCardinality(String) COMMENT 'Segment by the scores; dim_rfm_group says what each means and what to do',
    is_churned Bool COMMENT 'Whether the last order is longer ago than CHURN_DAYS',
    churn_risk_group LowCardinality(String) COMMENT 'Low, Medium, High or Churned; dim_churn_group says what each means',
    repeat_purchase_days UInt32 COMMENT 'Days with purchases after the first one',
    probability_alive Float64 COMMENT 'Chance that the customer still buys at all, 0 to 1 (BG/NBD); 1 without a repeat purchase, of whom it knows nothing',
    expected_purchases Float64 COMMENT 'Expected number of purchase days within the horizon (BG/NBD)',
    expected_value Nullable(Float64) COMMENT 'Expected revenue of a purchase day (Gamma-Gamma); NULL where the amounts do not determine it',
    cltv_predicted Nullable(Float64) COMMENT 'Expected gross margin within the horizon: expected_purchases * expected_value * gross margin, both in the run''s parameters',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed: the end of the run'
)
AS
SELECT
    s.run_id AS run_id,
    r.as_of AS as_of,
    s.customer_id AS customer_id,
    s.recency_days AS recency_days,
    s.tenure_days AS tenure_days,
    s.frequency AS frequency,
    s.monetary AS monetary,
    s.r_score AS r_score,
    s.f_score AS f_score,
    s.m_score AS m_score,
    s.rfm_segmentation AS rfm_segmentation,
    s.is_churned AS is_churned,
    s.churn_risk_group AS churn_risk_group,
    s.repeat_purchase_days AS repeat_purchase_days,
    s.probability_alive AS probability_alive,
    s.expected_purchases AS expected_purchases,
    s.expected_value AS expected_value,
    s.cltv_predicted AS cltv_predicted,
    r.finished_at AS computed_at
FROM (SELECT * FROM customer_score_rows FINAL WHERE run_id IN (SELECT run_id FROM scoring_runs WHERE is_promoted)) AS s
INNER JOIN (SELECT * FROM scoring_runs WHERE is_promoted) AS r ON r.run_id = s.run_id
COMMENT 'By the promoted run: segment, churn and expected value of every customer.';
