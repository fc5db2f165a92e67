-- error: What the progress lines count as accepted is in events, source by source.
-- Remedy: rows were removed (a retention on events, a DELETE by hand) or added by another program; see which
-- days with: SELECT event_date, count() FROM events WHERE source = '…' GROUP BY event_date
WITH found AS
(
    SELECT stored.source AS source, count() AS rows
    FROM events AS stored
    INNER JOIN source_progress AS progress ON progress.source = stored.source
    WHERE progress.stream = 'app-events' AND stored.offset >= progress.counted_from AND stored.offset < progress.next_offset
    GROUP BY source
)
SELECT progress.source AS source, progress.accepted AS expected, ifNull(found.rows, 0) AS found
FROM source_progress AS progress
LEFT JOIN found ON found.source = progress.source
WHERE progress.stream = 'app-events' AND expected != found
