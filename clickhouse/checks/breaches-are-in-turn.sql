-- error: A breach is healed after it was opened and before the next one, and took the balance below zero.
-- Kind: expression
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT user_id, opened_at, healed_at, next_opened_at, min_balance
FROM
(
    SELECT *, leadInFrame(toNullable(opened_at)) OVER (PARTITION BY user_id ORDER BY opened_at, healed_at ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS next_opened_at
    FROM balance_breaches
)
WHERE min_balance >= 0 OR ifNull(healed_at < opened_at, false) OR (next_opened_at IS NOT NULL AND ifNull(healed_at > next_opened_at, true))
