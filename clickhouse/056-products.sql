-- Every state of products that was accepted. In: the processor. Out: the latest states and the history.

CREATE TABLE IF NOT EXISTS product_rows
(
    event_date Date COMMENT 'Calendar day of updated_at in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of product_id, a hash of it: the unit in which the processor loads states',
    product_id String COMMENT 'Product',
    state_id String COMMENT 'Hash of the whole state: the same state sent again is the same row',
    name String COMMENT 'Name as shown to users',
    price Decimal(18, 4) COMMENT 'Price of one unit in the shop''s currency',
    inventory Nullable(Int64) COMMENT 'Units in stock; NULL when not tracked',
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
ORDER BY (event_date, bucket, product_id, state_id, source)
COMMENT 'Accepted states as stored; a row that was written twice counts once after merging. Of two states the higher (updated_at, record_time, offset, source) wins.';

CREATE OR REPLACE VIEW products
(
    product_id String COMMENT 'Product',
    name String COMMENT 'Name as shown to users',
    price Decimal(18, 4) COMMENT 'Price of one unit in the shop''s currency',
    inventory Nullable(Int64) COMMENT 'Units in stock; NULL when not tracked',
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (r.updated_at, ifNull(r.record_time, toDateTime64(0, 3, 'UTC')), r.offset, r.source) AS place
SELECT
    product_id,
    argMax(r.name, place) AS name,
    argMax(r.price, place) AS price,
    argMax(tuple(r.inventory), place).1 AS inventory,
    max(r.updated_at) AS updated_at,
    now64(3, 'UTC') AS computed_at
FROM product_rows AS r FINAL
GROUP BY r.product_id AS product_id
HAVING argMax(r.deleted, place) = 'no'
COMMENT 'The latest state of every product that was not removed. Always up to date.';

CREATE OR REPLACE VIEW products_history
(
    product_id String COMMENT 'Product',
    name String COMMENT 'Name as shown to users',
    price Decimal(18, 4) COMMENT 'Price of one unit in the shop''s currency',
    inventory Nullable(Int64) COMMENT 'Units in stock; NULL when not tracked',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when on this was true, inclusive; microseconds',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when, exclusive; microseconds; NULL = still',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    product_id,
    name,
    price,
    inventory,
    updated_at AS valid_from,
    valid_to,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        *,
        lead(updated_at::Nullable(DateTime64(6, 'UTC'))) OVER (PARTITION BY product_id ORDER BY updated_at) AS valid_to
    FROM
    (
        SELECT
            *,
            lag(content) OVER (PARTITION BY product_id ORDER BY updated_at) AS content_before
        FROM
        (
            SELECT
                *,
                -- Before the first state there is none, as after a tombstone.
                if(deleted = 'yes', '', toString((name, price, inventory))) AS content,
                lead(updated_at::Nullable(DateTime64(6, 'UTC'))) OVER (PARTITION BY product_id ORDER BY updated_at, ifNull(record_time, toDateTime64(0, 3, 'UTC')), offset, source) AS next_at
            FROM product_rows FINAL
        )
        -- Of several states of one instant the last one counts.
        WHERE next_at IS NULL OR next_at > updated_at
    )
    WHERE content != content_before
)
WHERE deleted = 'no'
COMMENT 'What was true of every product and when: one row per change of one of these columns. A removal ends the last row; a state after it begins another.';
