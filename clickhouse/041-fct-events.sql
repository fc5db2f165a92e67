-- Every event in its session. In: events, and which days began within a session. Out: people, fct_page_views.

CREATE OR REPLACE VIEW fct_events
(
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    user_id String COMMENT 'Who did it, as the producer names the user',
    event_id String COMMENT 'Identity of the event within its user and day, as the producer gave it',
    event_time DateTime64(6, 'UTC') COMMENT 'When it happened, by the producer''s clock; microseconds',
    event_type LowCardinality(String) COMMENT 'What happened: a name of event_types, aliases resolved',
    session_id Nullable(String) COMMENT 'Session of the event, see sessions; NULL for server-side event types',
    is_session_start UInt8 COMMENT '1 for the first event of a session; 0 for all others, server-side ones too',
    event_sequence_in_session Nullable(UInt64) COMMENT 'Place of the event in its session by (event_time, event_id), from 1; NULL for server-side event types',
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
    processed_at DateTime64(3, 'UTC') COMMENT 'When the event was stored; milliseconds',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    assumeNotNull((SELECT toInt64(round(ifNull(argMaxOrNull(session_gap_seconds, epoch), 1800) * 1000000)) FROM rules)) AS gap_microseconds,
    (SELECT groupArray(event_type) FROM event_types FINAL WHERE server_side) AS server_side_types,
    (SELECT arrayPushBack(groupArray(expression), '.*') FROM channel_group_expressions) AS expressions,
    (SELECT arrayPushBack(groupArray(channel_group), 'other') FROM channel_group_expressions) AS channels,
    e.opened_place = 1 AND c.events_before > 0 AS is_carried
-- A day's sessions follow from its own events, but for the one that it begins in: so a filter on day or
-- user reaches the events. These are read as stored, in the order of their table: what is left to sort is
-- each user's day. Server-side events come last in it, where they disturb no session.
SELECT
    e.event_date AS event_date,
    e.user_id AS user_id,
    e.event_id AS event_id,
    e.event_time AS event_time,
    e.event_type AS event_type,
    if(
        e.is_server_side,
        NULL,
        lower(hex(sipHash128(e.user_id, if(is_carried, toUnixTimestamp64Micro(c.session_started_at), e.opened_at))))
    ) AS session_id,
    (NOT e.is_server_side AND e.place = e.opened_place AND NOT is_carried)::UInt8 AS is_session_start,
    if(e.is_server_side, NULL, e.place - e.opened_place + 1 + if(is_carried, c.events_before, 0))::Nullable(UInt64) AS event_sequence_in_session,
    e.platform AS platform,
    e.utm_source AS utm_source,
    if(e.utm_source IS NULL, 'other', channels[arrayMin(multiMatchAllIndices(ifNull(e.utm_source, ''), expressions))]) AS channel_group,
    e.country AS country,
    e.transaction_category AS transaction_category,
    e.miles_amount AS miles_amount,
    e.producer_session_id AS producer_session_id,
    e.page_url AS page_url,
    e.product_id AS product_id,
    e.order_id AS order_id,
    e.plan_id AS plan_id,
    e.feature AS feature,
    e.properties AS properties,
    e.source AS source,
    e.ingested_at AS processed_at,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        *,
        maxIf(place, opens) OVER user_day AS opened_place,
        maxIf(micros, opens) OVER user_day AS opened_at
    FROM
    (
        SELECT
            *,
            has(server_side_types, event_type) AS is_server_side,
            toUnixTimestamp64Micro(event_time) AS micros,
            row_number() OVER user_day AS place,
            lagInFrame(micros) OVER user_day AS previous_at,
            place = 1 OR micros - previous_at > gap_microseconds AS opens
        FROM events_rows FINAL
        WINDOW user_day AS (PARTITION BY event_date, bucket, user_id ORDER BY is_server_side, micros, event_id, source ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )
    WINDOW user_day AS (PARTITION BY event_date, bucket, user_id ORDER BY is_server_side, micros, event_id, source ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
) AS e
LEFT ANY JOIN
(
    SELECT
        day.event_date AS event_date,
        user_id,
        day.started_at AS session_started_at,
        day.events AS events_before
    FROM user_sessions_rows FINAL
    ARRAY JOIN carried AS day
) AS c ON c.event_date = e.event_date AND c.user_id = e.user_id
COMMENT 'Every accepted event with its session and its place in it. Filter on event_date or user_id: then only those events are read.';
