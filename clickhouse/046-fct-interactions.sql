-- Uses of features with the plan of the user as of then. In: fct_events, histories of users and plans. Out: people.

CREATE OR REPLACE VIEW fct_interactions
(
    event_id String COMMENT 'Identity of the event within its user and day',
    user_id String COMMENT 'Who used the feature, as the producer names the user',
    event_time DateTime64(6, 'UTC') COMMENT 'When; microseconds',
    event_date Date COMMENT 'Calendar day of event_time in the configured time zone',
    event_type LowCardinality(String) COMMENT 'What happened: a name of event_types, aliases resolved',
    session_id Nullable(String) COMMENT 'Session of the event, see sessions; NULL for server-side event types',
    platform LowCardinality(Nullable(String)) COMMENT 'Where it happened: ios, android, web, …',
    feature String COMMENT 'Feature of the product that was used',
    plan_id Nullable(String) COMMENT 'Plan as of event_time: the one that the event names, else that of the user by user_attributes_history; NULL when neither is known',
    plan_name Nullable(String) COMMENT 'Name of the plan as of event_time; NULL when no such plan was known then, as are all columns of the plan',
    plan_price Nullable(Decimal(18, 4)) COMMENT 'Price of the plan for one period as of event_time, in the shop''s currency',
    plan_period LowCardinality(Nullable(String)) COMMENT 'For how long one payment lasted as of event_time, such as month or year',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    i.event_id AS event_id,
    i.user_id AS user_id,
    i.event_time AS event_time,
    i.event_date AS event_date,
    i.event_type AS event_type,
    i.session_id AS session_id,
    i.platform AS platform,
    i.feature AS feature,
    i.plan_id AS plan_id,
    -- The last state before the event may have ended before it: then the plan was removed.
    if(i.event_time < ifNull(p.valid_to, i.event_time + INTERVAL 1 SECOND), p.name, NULL) AS plan_name,
    if(i.event_time < ifNull(p.valid_to, i.event_time + INTERVAL 1 SECOND), p.price, NULL) AS plan_price,
    if(i.event_time < ifNull(p.valid_to, i.event_time + INTERVAL 1 SECOND), p.period, NULL) AS plan_period,
    i.computed_at AS computed_at
FROM
(
    SELECT
        e.event_id AS event_id,
        e.user_id AS user_id,
        e.event_time AS event_time,
        e.event_date AS event_date,
        e.event_type AS event_type,
        e.session_id AS session_id,
        e.platform AS platform,
        assumeNotNull(e.feature) AS feature,
        coalesce(e.plan_id, if(e.event_time < ifNull(u.valid_to, e.event_time + INTERVAL 1 SECOND), u.plan_id, NULL)) AS plan_id,
        e.computed_at AS computed_at
    FROM fct_events AS e
    ASOF LEFT JOIN
    (
        SELECT
            user_id,
            plan_id,
            valid_from,
            valid_to
        FROM user_attributes_history
    ) AS u ON u.user_id = e.user_id AND u.valid_from <= e.event_time
    WHERE e.feature IS NOT NULL
) AS i
ASOF LEFT JOIN
(
    SELECT
        plan_id,
        name::Nullable(String) AS name,
        price::Nullable(Decimal(18, 4)) AS price,
        period::LowCardinality(Nullable(String)) AS period,
        valid_from,
        valid_to
    FROM subscription_plans_history
) AS p ON p.plan_id = i.plan_id AND p.valid_from <= i.event_time
COMMENT 'One row per event that names a feature, with the plan as it was then. Filter on event_date or user_id: then only those events are read.';
