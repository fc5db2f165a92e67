-- error: DAU are at most the active users of 7 days, those at most of 28 days, those at most of 30 days.
-- Kind: range
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT event_date, daily_active_users, weekly_active_users_7d, active_users_28d, monthly_active_users_30d
FROM growth_metrics
WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND event_date < {settled: Date}
    AND (daily_active_users > weekly_active_users_7d OR weekly_active_users_7d > active_users_28d OR active_users_28d > monthly_active_users_30d)
