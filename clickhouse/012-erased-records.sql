-- What is left of records that were erased because a person was forgotten. In: `tidemark forget`. Out: the checks.

CREATE TABLE IF NOT EXISTS erased_records_rows
(
    stream LowCardinality(String) COMMENT 'Stream, such as app-events',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition or file:NAME',
    offset UInt64 COMMENT 'Position of the record in its source',
    outcome LowCardinality(String) COMMENT 'What had become of it: accepted or late'
)
ENGINE = ReplacingMergeTree
ORDER BY (stream, source, outcome, offset)
COMMENT 'Positions of erased records, so that the counts of the progress lines still add up. They say nothing about anybody.';

CREATE TABLE IF NOT EXISTS erased_days_rows
(
    event_date Date COMMENT 'Day of the user-days that were erased',
    version UInt64 COMMENT 'Sum of the versions of these user-days, and one more'
)
ENGINE = MergeTree
ORDER BY event_date
COMMENT 'Versions that must not be missing: whatever is made of user-days is computed anew when their sum grows, and never when it shrinks.';
