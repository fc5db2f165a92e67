-- error: What the progress lines count as accepted is in the tables of its stream, source by source.
-- Kind: reconciliation
-- Remedy: rows were removed (a DELETE by hand, not forget and EVENTS_RETENTION_DAYS) or added by another program; see which days with:
--   SELECT event_date, count() FROM events WHERE source = '…' GROUP BY event_date
WITH
    stored AS
    (
        SELECT 'app-events' AS stream, source, offset FROM events
        UNION ALL SELECT 'order-lines' AS stream, source, offset FROM order_lines_rows FINAL
        UNION ALL SELECT 'user-attributes' AS stream, source, offset FROM user_attribute_rows FINAL
        UNION ALL SELECT 'products' AS stream, source, offset FROM product_rows FINAL
        UNION ALL SELECT 'subscription-plans' AS stream, source, offset FROM subscription_plan_rows FINAL
        UNION ALL SELECT 'orders' AS stream, source, offset FROM order_rows FINAL
        UNION ALL SELECT stream, source, offset FROM erased_records_rows FINAL WHERE outcome = 'accepted'
    ),
    counted AS
    (
        SELECT stored.stream AS stream, stored.source AS source, count() AS number
        FROM stored
        INNER JOIN {progress} AS progress ON progress.stream = stored.stream AND progress.source = stored.source
        WHERE stored.offset >= progress.counted_from AND stored.offset < progress.next_offset
        GROUP BY stream, source
        -- What was let go month by month.
        UNION ALL
        SELECT 'app-events' AS stream, source, max(events) AS number
        FROM expired_events_rows
        GROUP BY source, month
    ),
    found AS
    (
        SELECT stream, source, sum(number) AS rows
        FROM counted
        GROUP BY stream, source
    )
SELECT progress.stream AS stream, progress.source AS source, progress.accepted AS expected, ifNull(found.rows, 0) AS found
FROM {progress} AS progress
LEFT JOIN found ON found.stream = progress.stream AND found.source = progress.source
WHERE expected != found
