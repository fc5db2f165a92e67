-- error: In every month, active users are new + retained + resurrected ones, and differ from the month before by new + resurrected - churned.
-- Kind: identity
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT activity_month, total_mau, mau_before, new_users, retained_users, resurrected_users, churned_users, verification_total
FROM
(
    SELECT *, lagInFrame(toNullable(total_mau)) OVER (ORDER BY activity_month ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS mau_before
    FROM social_capital_growth_accounting
)
WHERE activity_month < {settled: Date}
    AND (total_mau != verification_total
        OR total_mau != new_users + retained_users + resurrected_users
        -- Differences below zero wrap around to huge numbers, and would add up again.
        OR new_users > total_mau OR retained_users > total_mau OR ifNull(churned_users > mau_before, false)
        OR ifNull(toInt64(total_mau) - toInt64(mau_before) != toInt64(new_users + resurrected_users) - toInt64(churned_users), false))
