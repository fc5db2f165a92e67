-- How many raw events were let go. In: the processor, with EVENTS_RETENTION_DAYS. Out: the checks.

CREATE TABLE IF NOT EXISTS expired_events_rows
(
    source LowCardinality(String) COMMENT 'Where they were read: topic/partition or file:NAME',
    month UInt32 COMMENT 'Month of the events, as YYYYMM',
    events SimpleAggregateFunction(max, UInt64) COMMENT 'Number of events that were stored of that month and counted by the source''s progress line'
)
ENGINE = AggregatingMergeTree
ORDER BY (source, month)
COMMENT 'Raw events that are kept no longer, so that the counts of the progress lines still add up; several rows per source and month until they are merged.';
