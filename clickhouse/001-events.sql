-- Accepted events. In: the processor. Out: the view `events`.

CREATE TABLE IF NOT EXISTS events_rows
(
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of the user, a hash of user_id: the unit in which the processor loads users',
    user_id String COMMENT 'Who did it, as the producer names the user',
    event_id String COMMENT 'Identity of the event within its user and day, as the producer gave it' CODEC(ZSTD(1)),
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened, by the producer''s clock; microseconds' CODEC(Delta, LZ4),
    event_type LowCardinality(String) COMMENT 'What happened: a name of event_types, aliases resolved',
    platform LowCardinality(Nullable(String)) COMMENT 'Where it happened: ios, android, web, …; trimmed, lower case, aliases resolved',
    utm_source LowCardinality(Nullable(String)) COMMENT 'Marketing source that brought the user; trimmed, lower case',
    country LowCardinality(Nullable(String)) COMMENT 'Country, ISO 3166 alpha-2',
    transaction_category LowCardinality(Nullable(String)) COMMENT 'Category of the transaction behind the event',
    miles_amount Nullable(Int64) COMMENT 'Miles earned or redeemed, never negative; NULL for event types that move no miles' CODEC(T64, LZ4),
    producer_session_id Nullable(String) COMMENT 'Session as the producer counts it, where it does',
    page_url Nullable(String) COMMENT 'URL of the page' CODEC(ZSTD(1)),
    product_id Nullable(String) COMMENT 'Product the event is about',
    order_id Nullable(String) COMMENT 'Order the event is about',
    plan_id Nullable(String) COMMENT 'Subscription plan the event is about',
    feature Nullable(String) COMMENT 'Feature of the product that was used',
    properties Map(String, String) COMMENT 'Whatever else the producer sent, by name' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition, file:NAME, or SOURCE#late for late events applied on demand',
    offset UInt64 COMMENT 'Position of the record in its source' CODEC(T64, LZ4),
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record (Kafka''s, or when the file was first read); milliseconds; NULL when it has none' CODEC(T64, LZ4),
    rules_epoch UInt32 COMMENT 'Epoch of the rules under which the row was made' CODEC(T64, LZ4),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored; milliseconds' CODEC(Delta, LZ4)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(event_date)
ORDER BY (event_date, bucket, user_id, event_id, source)
SETTINGS min_age_to_force_merge_seconds = 600, min_age_to_force_merge_on_partition_only = 1
COMMENT 'Accepted events as stored; a row that was written twice counts once after merging. Read the view events.';

CREATE OR REPLACE VIEW events
(
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    user_id String COMMENT 'Who did it, as the producer names the user',
    event_id String COMMENT 'Identity of the event within its user and day, as the producer gave it',
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened, by the producer''s clock; microseconds',
    event_type LowCardinality(String) COMMENT 'What happened: a name of event_types, aliases resolved',
    platform LowCardinality(Nullable(String)) COMMENT 'Where it happened: ios, android, web, …; trimmed, lower case, aliases resolved',
    utm_source LowCardinality(Nullable(String)) COMMENT 'Marketing source that brought the user; trimmed, lower case',
    channel_group LowCardinality(String) COMMENT 'Group of utm_source by the table channel_groups as it is now: organic, paid, social, referral; other for anything else and NULL',
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
    ingested_at DateTime64(3, 'UTC') COMMENT 'When the row was stored; milliseconds'
)
AS
WITH
    -- The first pattern that fits decides, so they are tried in one pass and the smallest index wins;
    -- the last one fits everything.
    (SELECT arrayPushBack(groupArray(expression), '.*') FROM channel_group_expressions) AS expressions,
    (SELECT arrayPushBack(groupArray(channel_group), 'other') FROM channel_group_expressions) AS channels
SELECT
    event_date,
    user_id,
    event_id,
    event_time,
    event_type,
    platform,
    utm_source,
    if(utm_source IS NULL, 'other', channels[arrayMin(multiMatchAllIndices(ifNull(utm_source, ''), expressions))]) AS channel_group,
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
    ingested_at
FROM events_rows FINAL
COMMENT 'Accepted events, each once per source: what happened, to whom, when, and where it was read.';
