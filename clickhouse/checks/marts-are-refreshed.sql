-- error: No refresh of a mart failed the last time.
-- Kind: expression
-- Remedy: what ClickHouse says is in error; tidemark refresh tries again
SELECT mart, error, refreshed_at, checked_at
FROM mart_refreshes
WHERE error != ''
