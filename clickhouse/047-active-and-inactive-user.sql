-- Who is still there. In: user-days, histories of users. Out: people.

CREATE OR REPLACE VIEW active_and_inactive_user_as_of
AS
WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    user_id,
    any(plan) AS plan_id,
    sum(interactions) AS total_interactions,
    max(last_date) AS last_activity_date,
    toUInt32({as_of: Date} - last_activity_date) AS days_since_last_activity,
    multiIf(last_activity_date IS NULL, 'never_active', days_since_last_activity <= 30, 'active', 'inactive') AS status,
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT
        user_id,
        NULL::Nullable(String) AS plan,
        events::UInt64 AS interactions,
        event_date::Nullable(Date) AS last_date
    FROM user_history_rows FINAL
    WHERE events > 0 AND event_date <= {as_of: Date}
    UNION ALL
    SELECT
        user_id,
        plan_id AS plan,
        toUInt64(0) AS interactions,
        NULL::Nullable(Date) AS last_date
    FROM user_attributes_history
    WHERE toDate(valid_from, zone) <= {as_of: Date} AND ifNull(toDate(valid_to, zone) > {as_of: Date}, true)
)
GROUP BY user_id
COMMENT 'active_and_inactive_user as of the end of the day as_of: SELECT … FROM active_and_inactive_user_as_of(as_of = ''2025-01-31'').';

CREATE OR REPLACE VIEW active_and_inactive_user
(
    user_id String COMMENT 'User, as the producer names them',
    plan_id Nullable(String) COMMENT 'Plan of the user at the end of the day; NULL while it is not known',
    total_interactions UInt64 COMMENT 'Number of accepted events of any type',
    last_activity_date Nullable(Date) COMMENT 'Calendar day of the last event in the configured time zone; NULL without any',
    days_since_last_activity Nullable(UInt32) COMMENT 'Days since then; NULL without any event',
    status LowCardinality(String) COMMENT 'active = at most 30 days since the last event, inactive = more, never_active = no event',
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
WITH
    (SELECT coalesce(maxOrNullIf(last_day, stream = 'app-events'), maxOrNullIf(last_day, stream = 'user-attributes'), toDate(0)) FROM stream_watermarks) AS latest_day
SELECT
    user_id,
    plan_id,
    total_interactions,
    last_activity_date,
    days_since_last_activity,
    status,
    computed_at
FROM active_and_inactive_user_as_of(as_of = latest_day)
COMMENT 'One row per user with an event or attributes, and whether they are still active as of the day of the latest watermark (that of the attributes while there are no events); for another day ask active_and_inactive_user_as_of(as_of = …).';
