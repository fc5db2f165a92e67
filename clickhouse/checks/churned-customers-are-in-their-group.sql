-- error: Whoever is churned is in the churn group Churned, and nobody else.
-- Kind: expression
-- Stream: order-lines
-- Remedy: the table churn_groups and CHURN_DAYS contradict each other: adapt one
SELECT customer_id, recency_days, is_churned, churn_risk_group
FROM obt_customer_kpis_and_segmentation
WHERE is_churned != (churn_risk_group = 'Churned')
