-- error: On every day, active users are new + retained + resurrected ones, and differ from the day before by new + resurrected - churned.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT event_date, daily_active_users, new_users, retained_users, resurrected_users, churned_users, dau_growth
FROM growth_metrics
WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND event_date < {settled: Date}
    AND (daily_active_users != new_users + retained_users + resurrected_users
        -- Differences below zero wrap around to huge numbers, and would add up again.
        OR retained_users > daily_active_users OR ifNull(churned_users + retained_users != toInt64(daily_active_users) - dau_growth, churned_users > 0)
        OR ifNull(dau_growth != toInt64(new_users + resurrected_users) - toInt64(churned_users), false))
