-- error: Who has a negative balance has exactly one open breach, and who has an open breach has a negative balance.
-- Kind: reconciliation
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT user_id, u.current_miles_balance AS current_miles_balance, ifNull(b.open_breaches, 0) AS open_breaches
FROM (SELECT user_id, current_miles_balance, last_seen_date FROM dim_users) AS u
LEFT JOIN
(
    SELECT user_id, count() AS open_breaches
    FROM balance_breaches
    WHERE healed_at IS NULL
    GROUP BY user_id
) AS b USING (user_id)
WHERE u.last_seen_date < {settled: Date} AND ifNull(b.open_breaches, 0) != (u.current_miles_balance < 0)
