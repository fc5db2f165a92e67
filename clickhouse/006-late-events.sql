-- Events that came too late for their day. In: the processor. Out: the view `late_events`.

CREATE TABLE IF NOT EXISTS late_events_rows
(
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of the user, a hash of user_id: the unit in which the processor loads users',
    user_id String COMMENT 'Who did it, as the producer names the user',
    event_id String COMMENT 'Identity of the event within its user and day, as the producer gave it',
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened, by the producer''s clock; microseconds',
    event_type LowCardinality(String) COMMENT 'What happened: a name of event_types, aliases resolved',
    platform LowCardinality(Nullable(String)) COMMENT 'Where it happened: ios, android, web, …; trimmed, lower case, aliases resolved',
    utm_source LowCardinality(Nullable(String)) COMMENT 'Marketing source that brought the user; trimmed, lower case',
    country LowCardinality(Nullable(String)) COMMENT 'Country, ISO 3166 alpha-2',
    transaction_category LowCardinality(Nullable(String)) COMMENT 'Category of the transaction behind the event',
    miles_amount Nullable(Int64) COMMENT 'Miles earned or redeemed, never negative; NULL for event types that move no miles',
    producer_session_id Nullable(String) COMMENT 'Session as the producer counts it, where it does',
    page_url Nullable(String) COMMENT 'URL of the page',
    product_id Nullable(String) COMMENT 'Product the event is about',
    order_id Nullable(String) COMMENT 'Order the event is about',
    plan_id Nullable(String) COMMENT 'Subscription plan the event is about',
    feature Nullable(String) COMMENT 'Feature of the product that was used',
    properties Map(String, String) COMMENT 'Whatever else the producer sent, by name',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition, file:NAME, or SOURCE#late for late events applied on demand',
    offset UInt64 COMMENT 'Position of the record in its source',
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record (Kafka''s, or when the file was first read); milliseconds; NULL when it has none',
    rules_epoch UInt32 COMMENT 'Epoch of the rules under which the row was made',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored; milliseconds',
    days_late UInt16 COMMENT 'By how many calendar days the event is behind the watermark''s day',
    applied_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the event was applied on demand; NULL = not applied',
    version UInt64 MATERIALIZED ifNull(toUInt64(toUnixTimestamp64Milli(applied_at)), 0) COMMENT 'Which row of a record counts: one that was applied before one that was not, however often the record is read again'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, offset)
COMMENT 'Late events as stored; a record that was read twice counts once after merging. Read the view late_events.';

CREATE OR REPLACE VIEW late_events
(
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    user_id String COMMENT 'Who did it, as the producer names the user',
    event_id String COMMENT 'Identity of the event within its user and day, as the producer gave it',
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened, by the producer''s clock; microseconds',
    event_type LowCardinality(String) COMMENT 'What happened: a name of event_types, aliases resolved',
    platform LowCardinality(Nullable(String)) COMMENT 'Where it happened: ios, android, web, …; trimmed, lower case, aliases resolved',
    utm_source LowCardinality(Nullable(String)) COMMENT 'Marketing source that brought the user; trimmed, lower case',
    country LowCardinality(Nullable(String)) COMMENT 'Country, ISO 3166 alpha-2',
    transaction_category LowCardinality(Nullable(String)) COMMENT 'Category of the transaction behind the event',
    miles_amount Nullable(Int64) COMMENT 'Miles earned or redeemed, never negative; NULL for event types that move no miles',
    producer_session_id Nullable(String) COMMENT 'Session as the producer counts it, where it does',
    page_url Nullable(String) COMMENT 'URL of the page',
    product_id Nullable(String) COMMENT 'Product the event is about',
    order_id Nullable(String) COMMENT 'Order the event is about',
    plan_id Nullable(String) COMMENT 'Subscription plan the event is about',
    feature Nullable(String) COMMENT 'Feature of the product that was used',
    properties Map(String, String) COMMENT 'Whatever else the producer sent, by name',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition, file:NAME, or SOURCE#late for late events applied on demand',
    offset UInt64 COMMENT 'Position of the record in its source',
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record (Kafka''s, or when the file was first read); milliseconds; NULL when it has none',
    ingested_at DateTime64(3, 'UTC') COMMENT 'When the row was stored; milliseconds',
    days_late UInt16 COMMENT 'By how many calendar days the event is behind the watermark''s day',
    applied_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the event was applied on demand; NULL = not applied'
)
AS
SELECT
    event_date,
    user_id,
    event_id,
    event_time,
    event_type,
    platform,
    utm_source,
    country,
    transaction_category,
    miles_amount,
    producer_session_id,
    page_url,
    product_id,
    order_id,
    plan_id,
    feature,
    properties,
    source,
    offset,
    record_time,
    ingested_at,
    days_late,
    applied_at
FROM late_events_rows FINAL
COMMENT 'Events behind the lookback of their source, kept until they are applied on demand; one row per record.';
