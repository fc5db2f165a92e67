-- Every state of orders that was accepted. In: the processor. Out: the latest states and the history.

CREATE TABLE IF NOT EXISTS order_rows
(
    event_date Date COMMENT 'Calendar day of updated_at in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of order_id, a hash of it: the unit in which the processor loads states',
    order_id String COMMENT 'Order',
    state_id String COMMENT 'Hash of the whole state: the same state sent again is the same row',
    customer_id String COMMENT 'Who ordered',
    ordered_at DateTime64(6, 'UTC') COMMENT 'When the order was placed; microseconds',
    status LowCardinality(String) COMMENT 'Where the order is, such as preparing, shipped, delivered',
    order_cost Nullable(Decimal(18, 4)) COMMENT 'Cost of the articles in the shop''s currency',
    shipping_cost Nullable(Decimal(18, 4)) COMMENT 'Cost of the shipping in the shop''s currency',
    order_total Nullable(Decimal(18, 4)) COMMENT 'What the customer pays, discounts taken off, in the shop''s currency',
    promo_id Nullable(String) COMMENT 'Promotion that was used',
    shipping_service LowCardinality(Nullable(String)) COMMENT 'Who ships',
    estimated_delivery_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When delivery is expected; microseconds',
    delivered_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was delivered; microseconds',
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds' CODEC(Delta, LZ4),
    deleted Enum8('no' = 0, 'yes' = 1) COMMENT 'yes: a tombstone, which says that there is none from updated_at (its record time) on; the other fields are empty',
    source LowCardinality(String) COMMENT 'Where it was read: topic/partition, file:NAME, or a branch of it such as SOURCE#late',
    offset UInt64 COMMENT 'Position of the record in its source' CODEC(T64, LZ4),
    record_time Nullable(DateTime64(3, 'UTC')) COMMENT 'Timestamp of the record (Kafka''s, or when the file was first read); milliseconds; NULL when it has none' CODEC(T64, LZ4),
    rules_epoch UInt32 COMMENT 'Epoch of the rules under which the row was made' CODEC(T64, LZ4),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When the row was stored; milliseconds' CODEC(Delta, LZ4),
    version UInt64 MATERIALIZED toUInt64(rules_epoch) * 4294967296 + 1 COMMENT 'Grows with every row of the key: how marts know that there is something new'
)
ENGINE = ReplacingMergeTree
ORDER BY (event_date, bucket, order_id, state_id, source)
COMMENT 'Accepted states as stored; a row that was written twice counts once after merging. Of two states the higher (updated_at, record_time, offset, source) wins.';
