-- error: What the progress lines count as late is in the late records of its stream, source by source.
-- Kind: reconciliation
-- Remedy: rows were removed by hand or by a retention, or added by another program; late_events and late_order_lines have them by offset
WITH
    stored AS
    (
        SELECT 'app-events' AS stream, source, offset FROM late_events
        UNION ALL SELECT 'order-lines' AS stream, source, offset FROM late_order_lines_rows FINAL
        UNION ALL SELECT stream, source, offset FROM erased_records_rows FINAL WHERE outcome = 'late'
    ),
    found AS
    (
        SELECT stored.stream AS stream, stored.source AS source, count() AS rows
        FROM stored
        INNER JOIN {progress} AS progress ON progress.stream = stored.stream AND progress.source = stored.source
        WHERE stored.offset >= progress.counted_from AND stored.offset < progress.next_offset
        GROUP BY stream, source
    )
SELECT progress.stream AS stream, progress.source AS source, progress.late AS expected, ifNull(found.rows, 0) AS found
FROM {progress} AS progress
LEFT JOIN found ON found.stream = progress.stream AND found.source = progress.source
WHERE expected != found
