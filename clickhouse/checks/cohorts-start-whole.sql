-- error: Every cohort has all of its users in its first period, and never more than those in a later one.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT 'month' AS by, cohort_month AS cohort, period_month AS period, users_active, cohort_size, retention_rate
FROM retention_cohorts
WHERE users_active > cohort_size OR (period_number = 0 AND (users_active != cohort_size OR retention_rate != 100))
UNION ALL
SELECT 'day' AS by, cohort_date AS cohort, period_date AS period, users_active, cohort_size, retention_rate
FROM retention_cohorts_daily
WHERE users_active > cohort_size OR (period_number = 0 AND (users_active != cohort_size OR retention_rate != 100))
