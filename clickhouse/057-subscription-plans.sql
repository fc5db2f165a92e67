-- Every state of subscription plans that was accepted. In: the processor. Out: the latest states and the history.

CREATE TABLE IF NOT EXISTS subscription_plan_rows
(
    event_date Date COMMENT 'Calendar day of updated_at in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of plan_id, a hash of it: the unit in which the processor loads states',
    plan_id String COMMENT 'Plan',
    state_id String COMMENT 'Hash of the whole state: the same state sent again is the same row',
    name String COMMENT 'Name as shown to users',
    price Decimal(18, 4) COMMENT 'Price of one period in the shop''s currency',
    period LowCardinality(String) COMMENT 'For how long one payment lasts, such as month or year',
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
ORDER BY (event_date, bucket, plan_id, state_id, source)
COMMENT 'Accepted states as stored; a row that was written twice counts once after merging. Of two states the higher (updated_at, record_time, offset, source) wins.';

CREATE OR REPLACE VIEW subscription_plans
(
    plan_id String COMMENT 'Plan',
    name String COMMENT 'Name as shown to users',
    price Decimal(18, 4) COMMENT 'Price of one period in the shop''s currency',
    period LowCardinality(String) COMMENT 'For how long one payment lasts, such as month or year',
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (r.updated_at, ifNull(r.record_time, toDateTime64(0, 3, 'UTC')), r.offset, r.source) AS place
SELECT
    plan_id,
    argMax(r.name, place) AS name,
    argMax(r.price, place) AS price,
    argMax(r.period, place) AS period,
    max(r.updated_at) AS updated_at,
    now64(3, 'UTC') AS computed_at
FROM subscription_plan_rows AS r FINAL
GROUP BY r.plan_id AS plan_id
HAVING argMax(r.deleted, place) = 'no'
COMMENT 'The latest state of every subscription plan that was not removed. Always up to date.';

CREATE OR REPLACE VIEW subscription_plans_history
(
    plan_id String COMMENT 'Plan',
    name String COMMENT 'Name as shown to users',
    price Decimal(18, 4) COMMENT 'Price of one period in the shop''s currency',
    period LowCardinality(String) COMMENT 'For how long one payment lasts, such as month or year',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when on this was true, inclusive; microseconds',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when, exclusive; microseconds; NULL = still',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    plan_id,
    name,
    price,
    period,
    updated_at AS valid_from,
    valid_to,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        *,
        lead(updated_at::Nullable(DateTime64(6, 'UTC'))) OVER (PARTITION BY plan_id ORDER BY updated_at) AS valid_to
    FROM
    (
        SELECT
            *,
            lag(content) OVER (PARTITION BY plan_id ORDER BY updated_at) AS content_before
        FROM
        (
            SELECT
                *,
                -- Before the first state there is none, as after a tombstone.
                if(deleted = 'yes', '', toString((name, price, period))) AS content,
                lead(updated_at::Nullable(DateTime64(6, 'UTC'))) OVER (PARTITION BY plan_id ORDER BY updated_at, ifNull(record_time, toDateTime64(0, 3, 'UTC')), offset, source) AS next_at
            FROM subscription_plan_rows FINAL
        )
        -- Of several states of one instant the last one counts.
        WHERE next_at IS NULL OR next_at > updated_at
    )
    WHERE content != content_before
)
WHERE deleted = 'no'
COMMENT 'What was true of every subscription plan and when: one row per change of one of these columns. A removal ends the last row; a state after it begins another.';

CREATE OR REPLACE VIEW dim_subscription_plans
(
    plan_id String COMMENT 'Plan',
    plan_name String COMMENT 'Its name: the latest, or the last one before it was removed',
    plan_price Decimal(18, 4) COMMENT 'Its price for one period, likewise, in the shop''s currency',
    plan_period LowCardinality(String) COMMENT 'For how long one payment lasts, likewise, such as month or year',
    first_known_at DateTime64(6, 'UTC') COMMENT 'When its first known state became true; microseconds',
    removed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was removed; microseconds; NULL = it was not',
    users UInt64 COMMENT 'Number of users who are on it now',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    p.plan_id AS plan_id,
    argMax(p.name, p.valid_from) AS plan_name,
    argMax(p.price, p.valid_from) AS plan_price,
    argMax(p.period, p.valid_from) AS plan_period,
    min(p.valid_from) AS first_known_at,
    argMax(tuple(p.valid_to), p.valid_from).1 AS removed_at,
    any(u.users) AS users,
    now64(3, 'UTC') AS computed_at
FROM subscription_plans_history AS p
LEFT JOIN
(
    SELECT
        plan_id,
        count() AS users
    FROM user_attributes
    GROUP BY plan_id
) AS u ON u.plan_id = p.plan_id
GROUP BY p.plan_id
COMMENT 'One row per subscription plan that there is or was, with its last known name and price and how many users are on it.';
