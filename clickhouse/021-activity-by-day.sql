-- What happened to the users on each day. In: user_activity_rows. Out: growth_metrics, retention_quality_framework, user_resurrection_analysis, growth_drivers.

CREATE TABLE IF NOT EXISTS activity_by_day_rows
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    active_users UInt64 COMMENT 'Distinct users with an event of an active type',
    new_users UInt64 COMMENT 'Of these, users whose first active day it is',
    retained_users UInt64 COMMENT 'Of these, users who were active the day before',
    short_dormancy UInt64 COMMENT 'Active users whose previous active day is 2 to 7 days back',
    medium_dormancy UInt64 COMMENT 'Active users whose previous active day is 8 to 30 days back',
    long_dormancy UInt64 COMMENT 'Active users whose previous active day is 31 to 90 days back',
    very_long_dormancy UInt64 COMMENT 'Active users whose previous active day is more than 90 days back',
    dormancy_days UInt64 COMMENT 'Sum of the days back to the previous active day, of the users of the four dormancies',
    new_stage_users UInt64 COMMENT 'Active users 0 to 7 days after their first active day',
    growing_stage_users UInt64 COMMENT 'Active users 8 to 30 days after their first active day',
    established_stage_users UInt64 COMMENT 'Active users 31 to 90 days after their first active day',
    mature_stage_users UInt64 COMMENT 'Active users more than 90 days after their first active day',
    new_organic_users UInt64 COMMENT 'New users of the channel group organic, by utm_source of the first event of their first active day',
    new_paid_users UInt64 COMMENT 'New users of the channel group paid, likewise',
    new_social_users UInt64 COMMENT 'New users of the channel group social, likewise',
    new_referral_users UInt64 COMMENT 'New users of the channel group referral, likewise',
    entered_7d UInt64 COMMENT 'Active users without an active day in the 6 days before: they enter the window of 7 days',
    entered_28d UInt64 COMMENT 'Active users without an active day in the 27 days before: they enter the window of 28 days',
    entered_30d UInt64 COMMENT 'Active users without an active day in the 29 days before: they enter the window of 30 days',
    left_7d UInt64 COMMENT 'Active users without an active day in the 6 days after: they leave the window of 7 days 7 days later',
    left_28d UInt64 COMMENT 'Active users without an active day in the 27 days after: they leave the window of 28 days 28 days later',
    left_30d UInt64 COMMENT 'Active users without an active day in the 29 days after: they leave the window of 30 days 30 days later',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY event_date
SETTINGS min_age_to_force_merge_seconds = 60
COMMENT 'Users by what each day is to them, as stored: only days with active users, or that once had some. Read the view activity_by_day.';

-- refresh activity_by_day_rows from user_activity_rows
INSERT INTO activity_by_day_rows
(
    event_date, active_users, new_users, retained_users,
    short_dormancy, medium_dormancy, long_dormancy, very_long_dormancy, dormancy_days,
    new_stage_users, growing_stage_users, established_stage_users, mature_stage_users,
    new_organic_users, new_paid_users, new_social_users, new_referral_users,
    entered_7d, entered_28d, entered_30d, left_7d, left_28d, left_30d, version
)
WITH
    (SELECT arrayPushBack(groupArray(expression), '.*') FROM channel_group_expressions) AS expressions,
    (SELECT arrayPushBack(groupArray(channel_group), 'other') FROM channel_group_expressions) AS channels
SELECT
    day AS event_date,
    sum(users) AS active_users,
    sumIf(users, since_previous = 0) AS new_users,
    sumIf(users, since_previous = 1) AS retained_users,
    sumIf(users, since_previous BETWEEN 2 AND 7) AS short_dormancy,
    sumIf(users, since_previous BETWEEN 8 AND 30) AS medium_dormancy,
    sumIf(users, since_previous BETWEEN 31 AND 90) AS long_dormancy,
    sumIf(users, since_previous > 90) AS very_long_dormancy,
    sumIf(users * since_previous, since_previous >= 2) AS dormancy_days,
    sumIf(users, stage = 0) AS new_stage_users,
    sumIf(users, stage = 1) AS growing_stage_users,
    sumIf(users, stage = 2) AS established_stage_users,
    sumIf(users, stage = 3) AS mature_stage_users,
    sumIf(users, channel_of_new = 1) AS new_organic_users,
    sumIf(users, channel_of_new = 2) AS new_paid_users,
    sumIf(users, channel_of_new = 3) AS new_social_users,
    sumIf(users, channel_of_new = 4) AS new_referral_users,
    sumIf(users, since_previous = 0 OR since_previous >= 7) AS entered_7d,
    sumIf(users, since_previous = 0 OR since_previous >= 28) AS entered_28d,
    sumIf(users, since_previous = 0 OR since_previous >= 30) AS entered_30d,
    sumIf(users, windows_left >= 1) AS left_7d,
    sumIf(users, windows_left >= 2) AS left_28d,
    sumIf(users, windows_left = 3) AS left_30d,
    {version: UInt64} AS version
FROM
(
    -- Numbers of few bytes, counted by their combinations: twice as fast as asking all of the above of every user-day.
    SELECT
        day,
        since_previous,
        windows_left,
        stage,
        if(since_previous = 0, channel, 0)::UInt8 AS channel_of_new,
        count() AS users
    FROM
    (
        SELECT
            active_days,
            -- 0 = there is none.
            arrayDifference(arrayMap(day -> toInt32(day), active_days)) AS gaps,
            arrayPushBack(arrayPopFront(gaps), 0) AS gaps_after,
            if(first_utm_source IS NULL, 'other', channels[arrayMin(multiMatchAllIndices(ifNull(first_utm_source, ''), expressions))]) AS channel_group,
            toUInt8(indexOf(['organic', 'paid', 'social', 'referral'], channel_group)) AS channel
        FROM user_activity_rows FINAL
        WHERE notEmpty(active_days)
    )
    ARRAY JOIN
        active_days AS day,
        arrayMap(gap -> toUInt16(gap), gaps) AS since_previous,
        -- How many of the windows of 7, 28 and 30 days are over before the next active day.
        arrayMap(gap -> toUInt8((gap = 0 OR gap >= 7) + (gap = 0 OR gap >= 28) + (gap = 0 OR gap >= 30)), gaps_after) AS windows_left,
        arrayMap(day -> toUInt8((day - active_days[1] > 7) + (day - active_days[1] > 30) + (day - active_days[1] > 90)), active_days) AS stage
    GROUP BY
        day,
        since_previous,
        windows_left,
        stage,
        channel_of_new
    UNION ALL
    -- A day that nobody was active on after all is stored as empty.
    SELECT
        event_date AS day,
        0 AS since_previous,
        0 AS windows_left,
        0 AS stage,
        0 AS channel_of_new,
        0 AS users
    FROM activity_by_day_rows
)
GROUP BY day;

CREATE OR REPLACE VIEW activity_by_day
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    active_users UInt64 COMMENT 'Distinct users with an event of an active type',
    new_users UInt64 COMMENT 'Of these, users whose first active day it is',
    retained_users UInt64 COMMENT 'Of these, users who were active the day before',
    resurrected_users UInt64 COMMENT 'Of these, users who were active before, but not the day before',
    churned_users UInt64 COMMENT 'Users who were active the day before, and are not',
    previous_active_users Nullable(UInt64) COMMENT 'Active users of the day before; NULL on the first day',
    weekly_active_users_7d UInt64 COMMENT 'Distinct users active on this day or the 6 before',
    active_users_28d UInt64 COMMENT 'Distinct users active on this day or the 27 before',
    monthly_active_users_30d UInt64 COMMENT 'Distinct users active on this day or the 29 before',
    short_dormancy UInt64 COMMENT 'Active users whose previous active day is 2 to 7 days back',
    medium_dormancy UInt64 COMMENT 'Active users whose previous active day is 8 to 30 days back',
    long_dormancy UInt64 COMMENT 'Active users whose previous active day is 31 to 90 days back',
    very_long_dormancy UInt64 COMMENT 'Active users whose previous active day is more than 90 days back',
    dormancy_days UInt64 COMMENT 'Sum of the days back to the previous active day, of the users of the four dormancies',
    new_stage_users UInt64 COMMENT 'Active users 0 to 7 days after their first active day',
    growing_stage_users UInt64 COMMENT 'Active users 8 to 30 days after their first active day',
    established_stage_users UInt64 COMMENT 'Active users 31 to 90 days after their first active day',
    mature_stage_users UInt64 COMMENT 'Active users more than 90 days after their first active day',
    new_organic_users UInt64 COMMENT 'New users of the channel group organic, by utm_source of the first event of their first active day',
    new_paid_users UInt64 COMMENT 'New users of the channel group paid, likewise',
    new_social_users UInt64 COMMENT 'New users of the channel group social, likewise',
    new_referral_users UInt64 COMMENT 'New users of the channel group referral, likewise',
    new_other_users UInt64 COMMENT 'New users of any other channel group, or of none',
    is_complete Bool COMMENT 'Whether the day is settled: it changes only when late events are applied, a file is added or an idle source wakes',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    assumeNotNull((SELECT (count(), min(event_date), max(event_date)) FROM activity_by_day_rows FINAL WHERE active_users > 0)) AS active,
    active.1 AS days_with_users,
    active.2 AS first_day,
    active.3 AS last_active_day,
    assumeNotNull((SELECT (max(last_day), max(complete_before)) FROM stream_watermarks WHERE stream = 'app-events')) AS watermarks,
    watermarks.1 AS watermark_day,
    watermarks.2 AS complete_before,
    calendar AS
    (
        SELECT first_day + arrayJoin(range(toUInt64(if(days_with_users = 0, 0, greatest(last_active_day, watermark_day) - first_day + 1)))) AS event_date
    )
SELECT
    c.event_date AS event_date,
    a.active_users AS active_users,
    a.new_users AS new_users,
    a.retained_users AS retained_users,
    a.short_dormancy + a.medium_dormancy + a.long_dormancy + a.very_long_dormancy AS resurrected_users,
    toUInt64(ifNull(previous_active_users, 0) - a.retained_users) AS churned_users,
    lagInFrame(toNullable(a.active_users)) OVER (ORDER BY c.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous_active_users,
    toUInt64(sum(a.entered_7d) OVER so_far - sum(a.left_7d) OVER (ORDER BY c.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND 7 PRECEDING)) AS weekly_active_users_7d,
    toUInt64(sum(a.entered_28d) OVER so_far - sum(a.left_28d) OVER (ORDER BY c.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND 28 PRECEDING)) AS active_users_28d,
    toUInt64(sum(a.entered_30d) OVER so_far - sum(a.left_30d) OVER (ORDER BY c.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND 30 PRECEDING)) AS monthly_active_users_30d,
    a.short_dormancy AS short_dormancy,
    a.medium_dormancy AS medium_dormancy,
    a.long_dormancy AS long_dormancy,
    a.very_long_dormancy AS very_long_dormancy,
    a.dormancy_days AS dormancy_days,
    a.new_stage_users AS new_stage_users,
    a.growing_stage_users AS growing_stage_users,
    a.established_stage_users AS established_stage_users,
    a.mature_stage_users AS mature_stage_users,
    a.new_organic_users AS new_organic_users,
    a.new_paid_users AS new_paid_users,
    a.new_social_users AS new_social_users,
    a.new_referral_users AS new_referral_users,
    toUInt64(a.new_users - a.new_organic_users - a.new_paid_users - a.new_social_users - a.new_referral_users) AS new_other_users,
    (c.event_date < complete_before)::Bool AS is_complete,
    if(a.active_users = 0, now64(3, 'UTC'), a.computed_at) AS computed_at
FROM calendar AS c
LEFT JOIN (SELECT * FROM activity_by_day_rows FINAL) AS a ON a.event_date = c.event_date
WINDOW so_far AS (ORDER BY c.event_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY event_date
COMMENT 'Users by what each day is to them: one row per calendar day from the first active day to that of the latest watermark. The ground of growth_metrics, retention_quality_framework, user_resurrection_analysis and growth_drivers.';
