-- error: The active users of all cohorts are those of the month and of the day, and the sizes of cohorts are the new users.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT
    'month' AS by,
    c.period AS period,
    c.users_active AS of_cohorts,
    g.total_mau AS active_users,
    c.size AS cohort_size,
    g.new_users AS new_users
FROM
(
    SELECT period_month AS period, sum(users_active) AS users_active, sumIf(cohort_size, period_number = 0) AS size
    FROM retention_cohorts
    GROUP BY period
) AS c
INNER JOIN social_capital_growth_accounting AS g ON g.activity_month = c.period
WHERE c.period < {settled: Date} AND toLastDayOfMonth(c.period) < {settled: Date} AND (of_cohorts != active_users OR c.size != g.new_users)
UNION ALL
SELECT 'day' AS by, c.period AS period, c.users_active AS of_cohorts, g.daily_active_users AS active_users, c.size AS cohort_size, g.new_users AS new_users
FROM
(
    SELECT period_date AS period, sum(users_active) AS users_active, sumIf(cohort_size, period_number = 0) AS size
    FROM retention_cohorts_daily
    WHERE period_date >= {from: Date} AND period_date <= {to: Date}
    GROUP BY period
) AS c
INNER JOIN growth_metrics AS g ON g.event_date = c.period
WHERE c.period < {settled: Date} AND (of_cohorts != active_users OR c.size != g.new_users)
