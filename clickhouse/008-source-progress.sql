-- How far every source has been processed. In: the processor. Out: the view `source_progress`.

CREATE TABLE IF NOT EXISTS source_progress_rows
(
    stream LowCardinality(String) COMMENT 'Stream, such as app-events',
    source String COMMENT 'Where it is read: topic/partition, topic/partition@N for the N-th log under that name, file:NAME',
    next_offset UInt64 COMMENT 'Position from which reading goes on; everything before it is stored',
    watermark Nullable(DateTime64(6, 'UTC')) COMMENT 'Largest accepted event time; microseconds; NULL before the first accepted event',
    accepted UInt64 COMMENT 'Records accepted since counted_from',
    duplicate UInt64 COMMENT 'Records whose event had been accepted before, since counted_from',
    late UInt64 COMMENT 'Records behind the lookback, since counted_from',
    future UInt64 COMMENT 'Records ahead of their time by more than the allowed skew, since counted_from',
    invalid UInt64 COMMENT 'Records that broke a rule, since counted_from',
    skipped UInt64 COMMENT 'Positions that the log had dropped before they were read, since counted_from',
    counted_from UInt64 COMMENT 'Position from which the counts count',
    last_offset Nullable(UInt64) COMMENT 'Position of the last record that was read; NULL before the first',
    last_record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the last record that was read; milliseconds; NULL when it has none',
    last_checksum Nullable(UInt32) COMMENT 'Checksum of the last record that was read, by which a recreated topic is recognised',
    rules_epoch UInt32 COMMENT 'Number of the rules in force, see the table rules',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored',
    version UInt64 MATERIALIZED rules_epoch * 281474976710656 + next_offset COMMENT 'rules_epoch * 2^48 + next_offset: the highest row of a source counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (stream, source)
COMMENT 'Progress lines as stored, several per source until they are merged. Read the view source_progress.';

CREATE OR REPLACE VIEW source_progress
(
    stream LowCardinality(String) COMMENT 'Stream, such as app-events',
    source String COMMENT 'Where it is read: topic/partition, topic/partition@N for the N-th log under that name, file:NAME',
    next_offset UInt64 COMMENT 'Position from which reading goes on; everything before it is stored',
    watermark Nullable(DateTime64(6, 'UTC')) COMMENT 'Largest accepted event time; microseconds; NULL before the first accepted event',
    accepted UInt64 COMMENT 'Records accepted since counted_from',
    duplicate UInt64 COMMENT 'Records whose event had been accepted before, since counted_from',
    late UInt64 COMMENT 'Records behind the lookback, since counted_from',
    future UInt64 COMMENT 'Records ahead of their time by more than the allowed skew, since counted_from',
    invalid UInt64 COMMENT 'Records that broke a rule, since counted_from',
    skipped UInt64 COMMENT 'Positions that the log had dropped before they were read, since counted_from',
    counted_from UInt64 COMMENT 'Position from which the counts count',
    last_offset Nullable(UInt64) COMMENT 'Position of the last record that was read; NULL before the first',
    last_record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the last record that was read; milliseconds; NULL when it has none',
    last_checksum Nullable(UInt32) COMMENT 'Checksum of the last record that was read, by which a recreated topic is recognised',
    rules_epoch UInt32 COMMENT 'Number of the rules in force, see the table rules',
    updated_at DateTime64(3, 'UTC') COMMENT 'When the row was stored'
)
AS
SELECT
    stream,
    source,
    next_offset,
    watermark,
    accepted,
    duplicate,
    late,
    future,
    invalid,
    skipped,
    counted_from,
    last_offset,
    last_record_time,
    last_checksum,
    rules_epoch,
    updated_at
FROM source_progress_rows FINAL
COMMENT 'How far every source has been processed, its watermark, and what became of its records; one row per source.';
