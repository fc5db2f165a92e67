-- error: In every user-day the counts by type add up, the events are of the day and in order, and sessions have no more events than the day.
-- Kind: expression
-- Remedy: stop the processors, then: tidemark reprocess --from DAY --to DAY
WITH (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    event_date,
    user_id,
    events,
    arraySum(mapValues(event_counts)) AS by_type,
    arraySum(arrayMap(fragment -> fragment.events, session_fragments)) AS in_sessions,
    first_event_at,
    last_event_at
FROM user_days
WHERE event_date >= {from: Date} AND event_date <= {to: Date}
    AND (events != by_type OR in_sessions > events OR first_event_at > last_event_at
        OR toDate(first_event_at, zone) != event_date OR toDate(last_event_at, zone) != event_date)
