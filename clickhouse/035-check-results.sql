-- What `tidemark check` found. In: its runs. Out: people, metrics, the page of the day.

CREATE TABLE IF NOT EXISTS check_results
(
    run_id UUID COMMENT 'Run of all checks',
    `check` LowCardinality(String) COMMENT 'Name of the check',
    kind LowCardinality(String) COMMENT 'unique, not null, accepted values, range, relationship, recency, expression, identity or reconciliation',
    severity LowCardinality(String) COMMENT 'error, or warn: a run with warnings alone has passed',
    status LowCardinality(String) COMMENT 'ok; failed; skipped = nothing could be said; broken = the check itself is at fault',
    failing UInt64 COMMENT 'Number of rows that are not as they should be',
    seconds Float64 COMMENT 'How long the check took, in seconds',
    reason String COMMENT 'Why it was skipped or is broken; empty otherwise',
    at DateTime64(3, 'UTC') COMMENT 'When the run began; milliseconds'
)
ENGINE = MergeTree
ORDER BY (at, run_id, `check`)
TTL toDateTime(at) + INTERVAL 400 DAY
COMMENT 'Results of checks: one row per check and run, kept for 400 days.';

CREATE TABLE IF NOT EXISTS check_failures
(
    run_id UUID COMMENT 'Run of all checks',
    `check` LowCardinality(String) COMMENT 'Name of the check',
    number UInt32 COMMENT 'Number of the row within the check, from 1',
    row String COMMENT 'The row that is not as it should be, as JSON',
    at DateTime64(3, 'UTC') COMMENT 'When the run began; milliseconds'
)
ENGINE = MergeTree
ORDER BY (at, run_id, `check`, number)
TTL toDateTime(at) + INTERVAL 30 DAY
COMMENT 'The first rows that each check found, at most 10 of a check and run, kept for 30 days.';

CREATE TABLE IF NOT EXISTS check_row_counts
(
    run_id UUID COMMENT 'Run of all checks that wrote a page',
    table_name LowCardinality(String) COMMENT 'Table or view',
    rows UInt64 COMMENT 'How many rows it had',
    at DateTime64(3, 'UTC') COMMENT 'When the run began; milliseconds'
)
ENGINE = MergeTree
ORDER BY (at, run_id, table_name)
TTL toDateTime(at) + INTERVAL 400 DAY
COMMENT 'Sizes of tables at each page of the day (tidemark check --report), to be compared with the next.';
