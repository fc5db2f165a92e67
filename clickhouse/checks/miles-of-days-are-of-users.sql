-- error: The miles earned and redeemed on every day of miles_analytics are the sums over user_days.
-- Kind: reconciliation
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT
    m.event_date AS event_date,
    m.daily_miles_earned AS daily_miles_earned,
    ifNull(u.earned, 0) AS earned,
    m.daily_miles_redeemed AS daily_miles_redeemed,
    ifNull(u.redeemed, 0) AS redeemed
FROM miles_analytics AS m
LEFT JOIN
(
    SELECT event_date, sum(miles_earned) AS earned, sum(miles_redeemed) AS redeemed
    FROM user_days
    WHERE event_date >= {from: Date} AND event_date <= {to: Date} AND event_date < {settled: Date}
    GROUP BY event_date
) AS u ON u.event_date = m.event_date
WHERE m.event_date >= {from: Date} AND m.event_date <= {to: Date} AND m.event_date < {settled: Date}
    AND (m.daily_miles_earned != ifNull(u.earned, 0) OR m.daily_miles_redeemed != ifNull(u.redeemed, 0)
        OR m.net_miles_change != m.daily_miles_earned - m.daily_miles_redeemed)
