-- Records that were refused. In: the processor. Out: the view `rejected_events`.

CREATE TABLE IF NOT EXISTS rejected_events_rows
(
    stream LowCardinality(String) COMMENT 'Stream the record was meant for, such as app-events',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition or file:NAME',
    offset UInt64 COMMENT 'Position of the record in its source',
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record; milliseconds; NULL when it has none',
    rules_epoch UInt32 COMMENT 'Epoch of the rules under which the row was made',
    outcome LowCardinality(String) COMMENT 'invalid or future',
    reason LowCardinality(String) COMMENT 'Code of the rule that it breaks',
    key Nullable(String) COMMENT 'Key of the record, as its bytes',
    bytes Nullable(String) COMMENT 'Value of the record, as its bytes; NULL for a record without one' CODEC(ZSTD(1)),
    fields String COMMENT 'The record''s fields as JSON where it could be decoded, else empty' CODEC(ZSTD(1)),
    rejected_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored',
    replayed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was sent again; NULL = not yet',
    version UInt64 MATERIALIZED ifNull(toUInt64(toUnixTimestamp64Milli(replayed_at)), 0) COMMENT 'Which row of a record counts: one that was replayed before one that was not, however often the record is read again'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (stream, source, offset)
COMMENT 'Refused records as stored; a record that was read twice counts once after merging. Read the view rejected_events.';

CREATE OR REPLACE VIEW rejected_events
(
    stream LowCardinality(String) COMMENT 'Stream the record was meant for, such as app-events',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition or file:NAME',
    offset UInt64 COMMENT 'Position of the record in its source',
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record; milliseconds; NULL when it has none',
    outcome LowCardinality(String) COMMENT 'invalid or future',
    reason LowCardinality(String) COMMENT 'Code of the rule that it breaks',
    key Nullable(String) COMMENT 'Key of the record, as its bytes',
    bytes Nullable(String) COMMENT 'Value of the record, as its bytes; NULL for a record without one',
    fields String COMMENT 'The record''s fields as JSON where it could be decoded, else empty',
    rejected_at DateTime64(3, 'UTC') COMMENT 'When the row was stored',
    replayed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was sent again; NULL = not yet'
)
AS
SELECT
    stream,
    source,
    offset,
    record_time,
    outcome,
    reason,
    key,
    bytes,
    fields,
    rejected_at,
    replayed_at
FROM rejected_events_rows FINAL
COMMENT 'Records that broke a rule or lie in the future, with the reason and their original bytes; one row per record.';
