-- error: In the first week no event type has more than 7 days, or more days than events.
-- Kind: range
-- Reads: marts
-- Remedy: compute it anew: tidemark refresh --full; if the rows come back, report them
SELECT user_id, creation_date, event_counts_f7d, event_days_f7d
FROM user_first_week
WHERE mapKeys(event_counts_f7d) != mapKeys(event_days_f7d)
    OR arrayExists((days, events) -> days > 7 OR days > events OR days = 0, mapValues(event_days_f7d), mapValues(event_counts_f7d))
