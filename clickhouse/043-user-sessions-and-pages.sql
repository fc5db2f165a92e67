-- Sessions and page views with what is known of user and product. In: sessions, fct_events. Out: people.
-- A line `-- wide:` stands for one such line per event type, see src/warehouse/wide-columns.ts.

CREATE OR REPLACE VIEW fct_user_sessions
(
    session_id String COMMENT 'Identity of the session, see sessions',
    user_id String COMMENT 'User, as the producer names them',
    event_date Date COMMENT 'Calendar day on which the session started, in the configured time zone',
    started_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    ended_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    duration_seconds Float64 COMMENT 'From the first to the last event, in seconds, to the microsecond',
    events UInt64 COMMENT 'Number of events, without server-side ones',
    event_counts Map(String, UInt64) COMMENT 'Number of events by event type',
    -- wide: cnt_{type}_events UInt64 COMMENT 'Number of events of the type {type}'
    state LowCardinality(Nullable(String)) COMMENT 'State of the user; NULL while it is not known',
    country LowCardinality(Nullable(String)) COMMENT 'Country of the user; NULL while it is not known',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
SELECT
    s.session_id AS session_id,
    s.user_id AS user_id,
    s.event_date AS event_date,
    s.started_at AS started_at,
    s.ended_at AS ended_at,
    s.duration_seconds AS duration_seconds,
    s.events::UInt64 AS events,
    CAST(s.event_counts, 'Map(String, UInt64)') AS event_counts,
    -- wide: s.event_counts['{type}']::UInt64 AS cnt_{type}_events
    a.state AS state,
    a.country AS country,
    s.computed_at AS computed_at
FROM sessions AS s
LEFT JOIN
(
    SELECT
        user_id,
        state,
        country
    FROM user_attributes
) AS a ON a.user_id = s.user_id
COMMENT 'One row per session with the number of events per event type, its length, and where its user lives now.';

CREATE OR REPLACE VIEW fct_producer_sessions
(
    producer_session_id String COMMENT 'Session as the producer counts it',
    user_id String COMMENT 'User, as the producer names them',
    event_date Date COMMENT 'Calendar day of the first event, in the configured time zone',
    started_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    ended_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    duration_seconds Float64 COMMENT 'From the first to the last event, in seconds, to the microsecond',
    events UInt64 COMMENT 'Number of events, server-side ones included where they name the session',
    event_counts Map(String, UInt64) COMMENT 'Number of events by event type',
    -- wide: cnt_{type}_events UInt64 COMMENT 'Number of events of the type {type}'
    state LowCardinality(Nullable(String)) COMMENT 'State of the user; NULL while it is not known',
    country LowCardinality(Nullable(String)) COMMENT 'Country of the user; NULL while it is not known',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    s.producer_session_id AS producer_session_id,
    s.user_id AS user_id,
    s.first_date AS event_date,
    s.started_at AS started_at,
    s.ended_at AS ended_at,
    (toUnixTimestamp64Micro(s.ended_at) - toUnixTimestamp64Micro(s.started_at)) / 1000000 AS duration_seconds,
    s.events AS events,
    s.event_counts AS event_counts,
    -- wide: s.event_counts['{type}'] AS cnt_{type}_events
    a.state AS state,
    a.country AS country,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        assumeNotNull(e.producer_session_id) AS producer_session_id,
        user_id,
        min(e.event_date) AS first_date,
        min(e.event_time) AS started_at,
        max(e.event_time) AS ended_at,
        count() AS events,
        CAST(sumMap(map(toString(e.event_type), toUInt64(1))), 'Map(String, UInt64)') AS event_counts
    FROM events AS e
    WHERE e.producer_session_id IS NOT NULL
    GROUP BY
        producer_session_id,
        user_id
) AS s
LEFT JOIN
(
    SELECT
        user_id,
        state,
        country
    FROM user_attributes
) AS a ON a.user_id = s.user_id
COMMENT 'One row per user and session as their producer counts sessions, from the events that name one.';

CREATE OR REPLACE VIEW fct_page_views
(
    event_id String COMMENT 'Identity of the event within its user and day',
    user_id String COMMENT 'Who looked at the page, as the producer names the user',
    event_time DateTime64(6, 'UTC') COMMENT 'When; microseconds',
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    session_id Nullable(String) COMMENT 'Session of the event, see sessions; NULL while page_view is server-side',
    page_url Nullable(String) COMMENT 'URL of the page',
    product_id Nullable(String) COMMENT 'Product that the page is about',
    product_name Nullable(String) COMMENT 'Name of the product as of event_time; NULL while it is not known',
    product_price Nullable(Decimal(18, 4)) COMMENT 'Price of the product as of event_time; NULL while it is not known',
    state LowCardinality(Nullable(String)) COMMENT 'State of the user; NULL while it is not known',
    country LowCardinality(Nullable(String)) COMMENT 'Country of the user; NULL while it is not known',
    user_created_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the user registered; NULL while it is not known',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    e.event_id AS event_id,
    e.user_id AS user_id,
    e.event_time AS event_time,
    e.event_date AS event_date,
    e.session_id AS session_id,
    e.page_url AS page_url,
    e.product_id AS product_id,
    -- The last state before the event may have ended before it: then the product was removed.
    if(e.event_time < ifNull(p.valid_to, e.event_time + INTERVAL 1 SECOND), p.name, NULL) AS product_name,
    if(e.event_time < ifNull(p.valid_to, e.event_time + INTERVAL 1 SECOND), p.price, NULL) AS product_price,
    a.state AS state,
    a.country AS country,
    a.created_at AS user_created_at,
    e.computed_at AS computed_at
FROM fct_events AS e
ASOF LEFT JOIN
(
    SELECT
        product_id,
        name::Nullable(String) AS name,
        price::Nullable(Decimal(18, 4)) AS price,
        valid_from,
        valid_to
    FROM products_history
) AS p ON p.product_id = e.product_id AND p.valid_from <= e.event_time
LEFT JOIN
(
    SELECT
        user_id,
        state,
        country,
        created_at::Nullable(DateTime64(6, 'UTC')) AS created_at
    FROM user_attributes
) AS a ON a.user_id = e.user_id
WHERE e.event_type = 'page_view'
COMMENT 'One row per event of the type page_view, with the product as it was then and what is known of the user now. Filter on event_date or user_id: then only those events are read.';
