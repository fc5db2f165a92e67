-- What is known of each user. In: user-days, and the users' attributes. Out: people, and the view users_with_negative_miles.

CREATE OR REPLACE VIEW dim_users
(
    user_id String COMMENT 'User, as the producer names them',
    first_seen_at DateTime64(6, 'UTC') COMMENT 'Time of the first event; microseconds',
    first_seen_date Date COMMENT 'Calendar day of the first event in the configured time zone',
    last_seen_at DateTime64(6, 'UTC') COMMENT 'Time of the last event; microseconds',
    last_seen_date Date COMMENT 'Calendar day of the last event in the configured time zone',
    days_active UInt32 COMMENT 'Days between the first and the last day, 0 when they are one: a span, however many of them had events',
    active_days UInt32 COMMENT 'Number of distinct days with an event of a type that counts as active',
    events UInt64 COMMENT 'Number of accepted events',
    first_platform LowCardinality(Nullable(String)) COMMENT 'platform of the first event by (event_time, event_id), NULL included',
    first_utm_source LowCardinality(Nullable(String)) COMMENT 'utm_source of the first event by (event_time, event_id), NULL included',
    first_country LowCardinality(Nullable(String)) COMMENT 'country of the first event by (event_time, event_id), NULL included',
    total_miles_earned Int64 COMMENT 'Sum of the miles earned',
    total_miles_redeemed Int64 COMMENT 'Sum of the miles redeemed',
    current_miles_balance Int64 COMMENT 'Miles earned less miles redeemed',
    has_negative_balance Bool COMMENT 'Whether the balance is below zero',
    miles_earned_transactions UInt64 COMMENT 'Number of events that earned miles',
    miles_redeemed_transactions UInt64 COMMENT 'Number of events that redeemed miles',
    share_events UInt64 COMMENT 'Number of events of the type share',
    like_events UInt64 COMMENT 'Number of events of the type like',
    reward_search_events UInt64 COMMENT 'Number of events of the type reward_search',
    created_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the account was created; microseconds; NULL while it is not known, as are all columns that follow',
    creation_date Nullable(Date) COMMENT 'Calendar day of created_at in the configured time zone',
    creation_platform LowCardinality(Nullable(String)) COMMENT 'Platform on which the account was created',
    plan_id Nullable(String) COMMENT 'Plan the user is on',
    city Nullable(String) COMMENT 'City of residence',
    state LowCardinality(Nullable(String)) COMMENT 'State, province or region of residence',
    country LowCardinality(Nullable(String)) COMMENT 'Country of residence',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    t.*,
    a.created_at AS created_at,
    toDate(a.created_at, zone) AS creation_date,
    a.creation_platform AS creation_platform,
    a.plan_id AS plan_id,
    a.city AS city,
    a.state AS state,
    a.country AS country,
    now64(3, 'UTC') AS computed_at
FROM
(
    WITH
        (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active) AS inactive_types
    SELECT
        user_id,
        min(d.first_event_at) AS first_seen_at,
        min(d.event_date) AS first_seen_date,
        max(d.last_event_at) AS last_seen_at,
        max(d.event_date) AS last_seen_date,
        toUInt32(last_seen_date - first_seen_date) AS days_active,
        -- Several sources may have rows of one day, so days are counted and not rows.
        toUInt32(uniqExactIf(d.event_date, notEmpty(arrayFilter(type -> NOT has(inactive_types, type), mapKeys(d.event_counts))))) AS active_days,
        sum(d.events) AS events,
        argMin(tuple(d.first_platform), (d.first_event_at, d.first_event_id)).1 AS first_platform,
        argMin(tuple(d.first_utm_source), (d.first_event_at, d.first_event_id)).1 AS first_utm_source,
        argMin(tuple(d.first_country), (d.first_event_at, d.first_event_id)).1 AS first_country,
        sum(d.miles_earned) AS total_miles_earned,
        sum(d.miles_redeemed) AS total_miles_redeemed,
        total_miles_earned - total_miles_redeemed AS current_miles_balance,
        (current_miles_balance < 0)::Bool AS has_negative_balance,
        sum(d.miles_earned_events) AS miles_earned_transactions,
        sum(d.miles_redeemed_events) AS miles_redeemed_transactions,
        sum(d.event_counts['share']) AS share_events,
        sum(d.event_counts['like']) AS like_events,
        sum(d.event_counts['reward_search']) AS reward_search_events
    FROM user_day_rows AS d FINAL
    WHERE d.events > 0
    GROUP BY d.user_id AS user_id
) AS t
LEFT JOIN
(
    SELECT
        user_id,
        created_at::Nullable(DateTime64(6, 'UTC')) AS created_at,
        creation_platform,
        plan_id,
        city,
        state,
        country
    FROM user_attributes
) AS a ON a.user_id = t.user_id
COMMENT 'One row per user with an accepted event: when they came, what they did, how many miles they have, and where known their attributes, without personal data. Always up to date.';
