-- What a ClickHouse user would choose: the Kafka engine, a raw table, a view that aggregates user-days.
-- The queue itself comes from kafka-engine.ts, with these columns in plain types: the engine makes
-- columns for every single message, and LowCardinality ones cost most.
CREATE TABLE raw
(
    event_id String,
    user_id String,
    event_type LowCardinality(String),
    event_time DateTime64(6, 'UTC'),
    platform LowCardinality(Nullable(String)),
    utm_source LowCardinality(Nullable(String)),
    country LowCardinality(Nullable(String)),
    transaction_category LowCardinality(Nullable(String)),
    miles_amount Nullable(Int64),
    producer_session_id Nullable(String),
    page_url Nullable(String),
    product_id Nullable(String),
    order_id Nullable(String),
    plan_id Nullable(String),
    feature Nullable(String),
    properties Map(String, String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(event_time)
ORDER BY (toDate(event_time), user_id, event_time);

CREATE TABLE user_days
(
    event_date Date,
    user_id String,
    events SimpleAggregateFunction(sum, UInt64),
    event_counts SimpleAggregateFunction(sumMap, Map(String, UInt64)),
    first_event_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_event_at SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    miles_earned SimpleAggregateFunction(sum, Int64),
    miles_redeemed SimpleAggregateFunction(sum, Int64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(event_date)
ORDER BY (event_date, user_id);

CREATE MATERIALIZED VIEW raw_to_user_days TO user_days AS
SELECT
    toDate(event_time) AS event_date,
    user_id,
    count() AS events,
    sumMap(map(event_type, toUInt64(1))) AS event_counts,
    min(event_time) AS first_event_at,
    max(event_time) AS last_event_at,
    sumIf(assumeNotNull(miles_amount), event_type = 'miles_earned') AS miles_earned,
    sumIf(assumeNotNull(miles_amount), event_type = 'miles_redeemed') AS miles_redeemed
FROM raw
GROUP BY event_date, user_id;
