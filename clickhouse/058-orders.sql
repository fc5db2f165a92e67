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

CREATE OR REPLACE VIEW orders
(
    order_id String COMMENT 'Order',
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
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (r.updated_at, ifNull(r.record_time, toDateTime64(0, 3, 'UTC')), r.offset, r.source) AS place
SELECT
    order_id,
    argMax(r.customer_id, place) AS customer_id,
    argMax(r.ordered_at, place) AS ordered_at,
    argMax(r.status, place) AS status,
    argMax(tuple(r.order_cost), place).1 AS order_cost,
    argMax(tuple(r.shipping_cost), place).1 AS shipping_cost,
    argMax(tuple(r.order_total), place).1 AS order_total,
    argMax(tuple(r.promo_id), place).1 AS promo_id,
    argMax(tuple(r.shipping_service), place).1 AS shipping_service,
    argMax(tuple(r.estimated_delivery_at), place).1 AS estimated_delivery_at,
    argMax(tuple(r.delivered_at), place).1 AS delivered_at,
    max(r.updated_at) AS updated_at,
    now64(3, 'UTC') AS computed_at
FROM order_rows AS r FINAL
GROUP BY r.order_id AS order_id
HAVING argMax(r.deleted, place) = 'no'
COMMENT 'The latest state of every order that was not removed. Always up to date.';

CREATE OR REPLACE VIEW fct_orders
(
    order_id String COMMENT 'Order',
    customer_id String COMMENT 'Who ordered',
    ordered_at DateTime64(6, 'UTC') COMMENT 'When the order was placed; microseconds',
    order_date Date COMMENT 'Calendar day of ordered_at in the configured time zone',
    status LowCardinality(String) COMMENT 'Where the order is, such as preparing, shipped, delivered',
    order_cost Nullable(Decimal(18, 4)) COMMENT 'Cost of the articles in the shop''s currency',
    shipping_cost Nullable(Decimal(18, 4)) COMMENT 'Cost of the shipping in the shop''s currency',
    order_total Nullable(Decimal(18, 4)) COMMENT 'What the customer pays, discounts taken off, in the shop''s currency',
    promo_id Nullable(String) COMMENT 'Promotion that was used',
    shipping_service LowCardinality(Nullable(String)) COMMENT 'Who ships',
    estimated_delivery_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When delivery is expected; microseconds',
    delivered_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was delivered; microseconds',
    hours_to_delivery Nullable(Float64) COMMENT 'From ordered_at to delivered_at, in hours, to the microsecond; NULL before delivery',
    order_number UInt64 COMMENT 'Place of the order among those of its customer by (ordered_at, order_id), from 1',
    updated_at DateTime64(6, 'UTC') COMMENT 'When this state became true; microseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    order_id,
    customer_id,
    ordered_at,
    toDate(ordered_at, zone) AS order_date,
    status,
    order_cost,
    shipping_cost,
    order_total,
    promo_id,
    shipping_service,
    estimated_delivery_at,
    delivered_at,
    (toUnixTimestamp64Micro(delivered_at) - toUnixTimestamp64Micro(ordered_at)) / 3600000000 AS hours_to_delivery,
    row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS order_number,
    updated_at,
    computed_at
FROM orders
COMMENT 'One row per order that was not removed: its latest state, how long the delivery took, and which of its customer''s orders it is.';

CREATE OR REPLACE VIEW order_kpis
(
    buyers UInt64 COMMENT 'Number of distinct customers with an order',
    buyers_1_order UInt64 COMMENT 'Number of those with one order',
    buyers_2_orders UInt64 COMMENT 'Number of those with two',
    buyers_3plus_orders UInt64 COMMENT 'Number of those with three or more',
    repeat_ratio Nullable(Float64) COMMENT 'Share of the buyers with two or more orders, 0 to 1; NULL without buyers',
    orders UInt64 COMMENT 'Number of orders',
    orders_per_hour Nullable(Float64) COMMENT 'Orders per clock hour, from the hour of the first to that of the last one inclusive, hours without any counted; NULL without orders',
    avg_hours_to_delivery Nullable(Float64) COMMENT 'Mean of the hours from order to delivery over delivered orders; NULL without any',
    avg_sessions_per_hour Nullable(Float64) COMMENT 'Mean over clock hours, from the hour of the first event that names a producer_session_id to that of the last one inclusive, of the number of distinct ones with an event in the hour; NULL without any',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone,
    per_customer AS
    (
        SELECT
            customer_id,
            count() AS orders,
            min(toStartOfHour(ordered_at, zone)) AS first_hour,
            max(toStartOfHour(ordered_at, zone)) AS last_hour,
            sum(hours_to_delivery) AS delivery_hours,
            count(hours_to_delivery) AS deliveries
        FROM fct_orders
        GROUP BY customer_id
    ),
    sessions_per_hour AS
    (
        SELECT
            toStartOfHour(event_time, zone) AS hour,
            uniqExact(producer_session_id) AS sessions
        FROM events
        WHERE producer_session_id IS NOT NULL
        GROUP BY hour
    )
SELECT
    count() AS buyers,
    countIf(c.orders = 1) AS buyers_1_order,
    countIf(c.orders = 2) AS buyers_2_orders,
    countIf(c.orders >= 3) AS buyers_3plus_orders,
    if(buyers = 0, NULL, (buyers_2_orders + buyers_3plus_orders) / buyers) AS repeat_ratio,
    sum(c.orders) AS orders,
    if(buyers = 0, NULL, orders / (1 + intDiv(toUnixTimestamp(max(c.last_hour)) - toUnixTimestamp(min(c.first_hour)), 3600))) AS orders_per_hour,
    if(sum(c.deliveries) = 0, NULL, sum(c.delivery_hours) / sum(c.deliveries)) AS avg_hours_to_delivery,
    (SELECT if(count() = 0, NULL, sum(sessions) / (1 + intDiv(toUnixTimestamp(max(hour)) - toUnixTimestamp(min(hour)), 3600))) FROM sessions_per_hour) AS avg_sessions_per_hour,
    now64(3, 'UTC') AS computed_at
FROM per_customer AS c
COMMENT 'Key figures of all orders, in one row: how many customers come back, how many orders come in an hour, how long deliveries take.';
