-- error: On every day, the resurrections by length of absence add up to the resurrected users of growth_metrics.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT
    r.event_date AS event_date,
    r.total_resurrections AS total_resurrections,
    r.short_dormancy_resurrections + r.medium_dormancy_resurrections + r.long_dormancy_resurrections + r.very_long_dormancy_resurrections AS by_length,
    g.resurrected_users AS resurrected_users
FROM user_resurrection_analysis AS r
INNER JOIN growth_metrics AS g ON g.event_date = r.event_date
WHERE r.event_date >= {from: Date} AND r.event_date <= {to: Date} AND r.event_date < {settled: Date}
    AND (by_length != r.total_resurrections OR r.total_resurrections != g.resurrected_users OR r.daily_active_users != g.daily_active_users)
