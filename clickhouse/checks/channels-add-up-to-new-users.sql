-- error: On every day, the new users of the channels add up to the new users of growth_drivers and of growth_metrics.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT
    d.event_date AS event_date,
    d.total_new_users AS total_new_users,
    d.new_organic_users + d.new_paid_users + d.new_social_users + d.new_referral_users + d.new_other_users AS by_channel,
    g.new_users AS new_users
FROM growth_drivers AS d
INNER JOIN growth_metrics AS g ON g.event_date = d.event_date
WHERE d.event_date >= {from: Date} AND d.event_date <= {to: Date} AND d.event_date < {settled: Date}
    AND (by_channel != d.total_new_users OR d.total_new_users != g.new_users OR d.daily_active_users != g.daily_active_users)
