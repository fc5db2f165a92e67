-- What every user did on every day, days without anything included. In: user_days. Out: people.
-- A line `-- wide:` stands for one such line per event type, see src/warehouse/wide-columns.ts.

CREATE OR REPLACE VIEW fct_daily_user_events_as_of
AS
WITH
    (SELECT min(creation_date) FROM user_first_week) AS first_day
SELECT
    u.user_id AS user_id,
    c.event_date AS event_date,
    toUInt32(c.event_date - u.creation_date) AS day_index,
    d.events::UInt64 AS events,
    CAST(d.event_counts, 'Map(String, UInt64)') AS event_counts,
    -- wide: d.event_counts['{type}']::UInt64 AS cnt_{type}_events
    now64(3, 'UTC') AS computed_at
FROM
(
    SELECT arrayJoin(arrayMap(day -> toDate(day), range(toUInt32(first_day), toUInt32({as_of: Date}) + 1))) AS event_date
) AS c
CROSS JOIN
(
    SELECT
        user_id,
        creation_date
    FROM user_first_week
) AS u
LEFT JOIN
(
    SELECT
        event_date,
        user_id,
        events,
        event_counts
    FROM user_days
) AS d ON d.event_date = c.event_date AND d.user_id = u.user_id
WHERE u.creation_date <= c.event_date
COMMENT 'fct_daily_user_events up to the day as_of: SELECT … FROM fct_daily_user_events_as_of(as_of = ''2025-01-31'').';

CREATE OR REPLACE VIEW fct_daily_user_events
(
    user_id String COMMENT 'User, as the producer names them',
    event_date Date COMMENT 'Calendar day in the configured time zone: every one from creation_date to that of the latest watermark',
    day_index UInt32 COMMENT 'Days since creation_date of user_first_week, which is day 0',
    events UInt64 COMMENT 'Number of accepted events; 0 on a day without any',
    event_counts Map(String, UInt64) COMMENT 'Number of events by event type; empty on a day without any',
    -- wide: cnt_{type}_events UInt64 COMMENT 'Number of events of the type {type}; 0 on a day without any'
    computed_at DateTime64(3, 'UTC') COMMENT 'When the row was computed: at the moment of reading'
)
AS
SELECT
    user_id,
    event_date,
    day_index,
    events,
    event_counts,
    -- wide: cnt_{type}_events
    computed_at
FROM fct_daily_user_events_as_of(as_of = (SELECT ifNull(maxOrNull(last_day), toDate(0)) FROM stream_watermarks WHERE stream = 'app-events'))
COMMENT 'One row per user and calendar day from their creation date to the day of the latest watermark, as of which it is; for another day ask fct_daily_user_events_as_of(as_of = …). Filter on event_date or user_id.';
