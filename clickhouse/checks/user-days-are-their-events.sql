-- error: Every user-day counts exactly the events of its user, day and source.
-- Kind: reconciliation
-- Remedy: stop the processors, then: tidemark reprocess --from DAY --to DAY
-- What is between an event and its line is on its way: it may be counted already, or not yet.
WITH
    -- Raw events of earlier days may be gone.
    (SELECT toDate(ifNull(argMaxOrNull(JSONExtractUInt(rules, 'eventsFrom'), epoch), 0)) FROM rules) AS kept_from,
    of_events AS
    (
        SELECT
            event_date,
            user_id,
            stored.source AS source,
            count() AS most,
            countIf(stored.offset < progress.next_offset) AS least
        FROM events AS stored
        LEFT JOIN {progress} AS progress ON progress.source = stored.source AND progress.stream = 'app-events'
        WHERE event_date >= greatest({from: Date}, kept_from) AND event_date <= {to: Date}
        GROUP BY event_date, user_id, source
    ),
    of_days AS
    (
        SELECT event_date, user_id, source, toUInt64(events) AS counted
        FROM user_day_rows FINAL
        WHERE events > 0 AND event_date >= greatest({from: Date}, kept_from) AND event_date <= {to: Date}
    )
SELECT event_date, user_id, source, ifNull(counted, 0) AS counted, ifNull(least, 0) AS events
FROM of_events
FULL JOIN of_days USING (event_date, user_id, source)
WHERE counted < events OR counted > ifNull(most, 0)
