-- error: What the progress lines count as invalid or future is in rejected_events, source by source.
-- Kind: reconciliation
-- Remedy: rows were removed by hand or by a retention, or added by another program; rejected_events has them by offset
WITH found AS
(
    SELECT stored.stream AS stream, stored.source AS source, countIf(outcome = 'invalid') AS invalid, countIf(outcome = 'future') AS future
    FROM rejected_events AS stored
    INNER JOIN {progress} AS progress ON progress.source = stored.source AND progress.stream = stored.stream
    WHERE stored.offset >= progress.counted_from AND stored.offset < progress.next_offset
    GROUP BY stream, source
)
SELECT
    progress.stream AS stream,
    progress.source AS source,
    progress.invalid AS expected_invalid,
    ifNull(found.invalid, 0) AS found_invalid,
    progress.future AS expected_future,
    ifNull(found.future, 0) AS found_future
FROM {progress} AS progress
LEFT JOIN found ON found.source = progress.source AND found.stream = progress.stream
WHERE expected_invalid != found_invalid OR expected_future != found_future
