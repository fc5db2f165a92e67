-- error: On every day, the users of the four stages are the active users, and so are new, consecutive, returning ones.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT
    r.event_date AS event_date,
    r.daily_active_users AS daily_active_users,
    r.new_stage_users + r.growing_stage_users + r.established_stage_users + r.mature_stage_users AS users_of_stages,
    g.new_users + r.users_consecutive_today + r.returning_week_users + r.returning_long_gap_users AS users_by_return
FROM retention_quality_framework AS r
INNER JOIN growth_metrics AS g ON g.event_date = r.event_date
WHERE r.event_date >= {from: Date} AND r.event_date <= {to: Date} AND r.event_date < {settled: Date}
    AND (users_of_stages != r.daily_active_users OR users_by_return != r.daily_active_users OR r.users_consecutive_today != g.retained_users)
