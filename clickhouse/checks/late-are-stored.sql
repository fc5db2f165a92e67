-- error: What the progress lines count as late is in late_events, source by source.
-- Remedy: rows were removed by hand or by a retention, or added by another program; late_events has them by offset
WITH found AS
(
    SELECT stored.source AS source, count() AS rows
    FROM late_events AS stored
    INNER JOIN source_progress AS progress ON progress.source = stored.source
    WHERE progress.stream = 'app-events' AND stored.offset >= progress.counted_from AND stored.offset < progress.next_offset
    GROUP BY source
)
SELECT progress.source AS source, progress.late AS expected, ifNull(found.rows, 0) AS found
FROM source_progress AS progress
LEFT JOIN found ON found.source = progress.source
WHERE progress.stream = 'app-events' AND expected != found
