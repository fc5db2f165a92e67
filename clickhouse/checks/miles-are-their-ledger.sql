-- error: The miles of every user-day are the sums of its ledger.
-- Kind: identity
-- Remedy: stop the processors, then: tidemark reprocess --from DAY --to DAY
SELECT
    event_date,
    user_id,
    miles_earned,
    miles_redeemed,
    arraySum(arrayMap(entry -> entry.delta, miles_ledger)) AS of_ledger,
    miles_earned_events + miles_redeemed_events AS movements,
    length(miles_ledger) AS entries
FROM user_days
WHERE event_date >= {from: Date} AND event_date <= {to: Date}
    AND (miles_earned - miles_redeemed != of_ledger
        OR miles_earned != arraySum(arrayMap(entry -> greatest(entry.delta, 0), miles_ledger))
        OR movements != entries)
