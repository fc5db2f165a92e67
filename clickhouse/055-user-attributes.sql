-- Every state of users that was accepted. In: the processor. Out: the latest states and the history.

CREATE TABLE IF NOT EXISTS user_attribute_rows
(
    event_date Date COMMENT 'Calendar day of updated_at in the configured time zone',
    bucket UInt8 COMMENT 'Bucket of user_id, a hash of it: the unit in which the processor loads states',
    user_id String COMMENT 'User, as in the app events',
    state_id String COMMENT 'Hash of the whole state: the same state sent again is the same row',
    created_at DateTime64(6, 'UTC') COMMENT 'When the account was created; microseconds',
    creation_platform LowCardinality(Nullable(String)) COMMENT 'Platform on which the account was created',
    plan_id Nullable(String) COMMENT 'Plan the user is on',
    city Nullable(String) COMMENT 'City of residence',
    state LowCardinality(Nullable(String)) COMMENT 'State, province or region of residence',
    country LowCardinality(Nullable(String)) COMMENT 'Country of residence',
    retained_label Nullable(Int32) COMMENT 'External label of retention, kept raw: 1 retained, 0 not',
    attributes Map(String, String) COMMENT 'Whatever else is known about the user by name, personal data among it' CODEC(ZSTD(1)),
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
ORDER BY (event_date, bucket, user_id, state_id, source)
COMMENT 'Accepted states as stored; a row that was written twice counts once after merging. Of two states the higher (updated_at, record_time, offset, source) wins.';

CREATE OR REPLACE VIEW user_attributes
(
    user_id String COMMENT 'User, as in the app events',
    created_at DateTime64(6, 'UTC') COMMENT 'When the account was created; microseconds',
    creation_platform LowCardinality(Nullable(String)) COMMENT 'Platform on which the account was created',
    plan_id Nullable(String) COMMENT 'Plan the user is on',
    city Nullable(String) COMMENT 'City of residence',
    state LowCardinality(Nullable(String)) COMMENT 'State, province or region of residence',
    country LowCardinality(Nullable(String)) COMMENT 'Country of residence',
    retained_label Nullable(Int32) COMMENT 'External label of retention, kept raw: 1 retained, 0 not',
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (r.updated_at, ifNull(r.record_time, toDateTime64(0, 3, 'UTC')), r.offset, r.source) AS place
SELECT
    user_id,
    argMax(r.created_at, place) AS created_at,
    argMax(tuple(r.creation_platform), place).1 AS creation_platform,
    argMax(tuple(r.plan_id), place).1 AS plan_id,
    argMax(tuple(r.city), place).1 AS city,
    argMax(tuple(r.state), place).1 AS state,
    argMax(tuple(r.country), place).1 AS country,
    argMax(tuple(r.retained_label), place).1 AS retained_label,
    max(r.updated_at) AS updated_at,
    now64(3, 'UTC') AS computed_at
FROM user_attribute_rows AS r FINAL
GROUP BY r.user_id AS user_id
HAVING argMax(r.deleted, place) = 'no'
COMMENT 'The latest state of every user that was not removed, without personal data. Always up to date.';

CREATE OR REPLACE VIEW user_personal_data
(
    user_id String COMMENT 'User, as in the app events',
    attributes Map(String, String) COMMENT 'Whatever else is known about the user by name: names, e-mail addresses, phone numbers and the like',
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (r.updated_at, ifNull(r.record_time, toDateTime64(0, 3, 'UTC')), r.offset, r.source) AS place
SELECT
    user_id,
    argMax(r.attributes, place) AS attributes,
    max(r.updated_at) AS updated_at,
    now64(3, 'UTC') AS computed_at
FROM user_attribute_rows AS r FINAL
GROUP BY r.user_id AS user_id
HAVING argMax(r.deleted, place) = 'no'
COMMENT 'Personal data of every user that was not removed, kept apart from all other tables; not for analysts.';

CREATE OR REPLACE VIEW user_attributes_history
(
    user_id String COMMENT 'User, as in the app events',
    created_at DateTime64(6, 'UTC') COMMENT 'When the account was created; microseconds',
    creation_platform LowCardinality(Nullable(String)) COMMENT 'Platform on which the account was created',
    plan_id Nullable(String) COMMENT 'Plan the user was on',
    city Nullable(String) COMMENT 'City of residence',
    state LowCardinality(Nullable(String)) COMMENT 'State, province or region of residence',
    country LowCardinality(Nullable(String)) COMMENT 'Country of residence',
    retained_label Nullable(Int32) COMMENT 'External label of retention, kept raw: 1 retained, 0 not',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when on this was true, inclusive; microseconds',
    valid_to Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when, exclusive; microseconds; NULL = still',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    user_id,
    created_at,
    creation_platform,
    plan_id,
    city,
    state,
    country,
    retained_label,
    updated_at AS valid_from,
    valid_to,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        *,
        lead(updated_at::Nullable(DateTime64(6, 'UTC'))) OVER (PARTITION BY user_id ORDER BY updated_at) AS valid_to
    FROM
    (
        SELECT
            *,
            lag(content) OVER (PARTITION BY user_id ORDER BY updated_at) AS content_before
        FROM
        (
            SELECT
                *,
                -- Before the first state there is none, as after a tombstone.
                if(deleted = 'yes', '', toString((created_at, creation_platform, plan_id, city, state, country, retained_label))) AS content,
                lead(updated_at::Nullable(DateTime64(6, 'UTC'))) OVER (PARTITION BY user_id ORDER BY updated_at, ifNull(record_time, toDateTime64(0, 3, 'UTC')), offset, source) AS next_at
            FROM user_attribute_rows FINAL
        )
        -- Of several states of one instant the last one counts.
        WHERE next_at IS NULL OR next_at > updated_at
    )
    WHERE content != content_before
)
WHERE deleted = 'no'
COMMENT 'What was true of every user and when: one row per change of one of these columns. A removal ends the last row; a state after it begins another.';
