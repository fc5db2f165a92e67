-- What happened to the users in each month. In: user_activity_rows. Out: social_capital_growth_accounting, quick_ratio_analysis.

CREATE TABLE IF NOT EXISTS activity_by_month_rows
(
    activity_month Date COMMENT 'First day of the calendar month',
    active_users UInt64 COMMENT 'Distinct users with an event of an active type',
    new_users UInt64 COMMENT 'Of these, users whose first active month it is',
    retained_users UInt64 COMMENT 'Of these, users who were active in the month before',
    version UInt64 COMMENT 'Sum of the versions of the rows that it was computed from',
    computed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was computed'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY activity_month
SETTINGS min_age_to_force_merge_seconds = 60
COMMENT 'Users by what each month is to them, as stored: only months with active users, or that once had some. Read the view activity_by_month.';

-- refresh activity_by_month_rows from user_activity_rows
INSERT INTO activity_by_month_rows (activity_month, active_users, new_users, retained_users, version)
SELECT
    month AS activity_month,
    countIf(counts) AS active_users,
    countIf(counts AND since_previous = 0) AS new_users,
    countIf(counts AND since_previous = 1) AS retained_users,
    {version: UInt64} AS version
FROM
(
    SELECT
        month,
        since_previous,
        true AS counts
    FROM
    (
        SELECT
            arrayDistinct(arrayMap(day -> toStartOfMonth(day), active_days)) AS months,
            -- 0 = there is none.
            arrayDifference(arrayMap(month -> toInt32(toYear(month)) * 12 + toMonth(month), months)) AS gaps
        FROM user_activity_rows FINAL
        WHERE notEmpty(active_days)
    )
    ARRAY JOIN
        months AS month,
        gaps AS since_previous
    UNION ALL
    -- A month that nobody was active in after all is stored as empty.
    SELECT
        activity_month AS month,
        0 AS since_previous,
        false AS counts
    FROM activity_by_month_rows
)
GROUP BY month;

CREATE OR REPLACE VIEW activity_by_month
(
    activity_month Date COMMENT 'First day of the calendar month',
    active_users UInt64 COMMENT 'Distinct users with an event of an active type',
    new_users UInt64 COMMENT 'Of these, users whose first active month it is',
    retained_users UInt64 COMMENT 'Of these, users who were active in the month before',
    resurrected_users UInt64 COMMENT 'Of these, users who were active before, but not in the month before',
    churned_users UInt64 COMMENT 'Users who were active in the month before, and are not',
    previous_active_users Nullable(UInt64) COMMENT 'Active users of the month before; NULL in the first month',
    months_since_first UInt32 COMMENT 'Calendar months since the first active month, 0 in it',
    is_complete Bool COMMENT 'Whether every day of the month is complete',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed'
)
AS
WITH
    assumeNotNull((SELECT (count(), min(activity_month), max(activity_month)) FROM activity_by_month_rows FINAL WHERE active_users > 0)) AS active,
    active.1 AS months_with_users,
    active.2 AS first_month,
    active.3 AS last_active_month,
    assumeNotNull((SELECT (max(last_day), max(complete_before)) FROM stream_watermarks WHERE stream = 'app-events')) AS watermarks,
    watermarks.1 AS watermark_day,
    watermarks.2 AS complete_before,
    calendar AS
    (
        SELECT
            arrayJoin(range(toUInt64(if(months_with_users = 0, 0, dateDiff('month', first_month, greatest(last_active_month, watermark_day)) + 1)))) AS months_since_first,
            addMonths(first_month, months_since_first) AS activity_month
    )
SELECT
    c.activity_month AS activity_month,
    a.active_users AS active_users,
    a.new_users AS new_users,
    a.retained_users AS retained_users,
    toUInt64(a.active_users - a.new_users - a.retained_users) AS resurrected_users,
    toUInt64(ifNull(previous_active_users, 0) - a.retained_users) AS churned_users,
    lagInFrame(toNullable(a.active_users)) OVER (ORDER BY c.activity_month ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous_active_users,
    toUInt32(c.months_since_first) AS months_since_first,
    (toLastDayOfMonth(c.activity_month) < complete_before)::Bool AS is_complete,
    if(a.active_users = 0, now64(3, 'UTC'), a.computed_at) AS computed_at
FROM calendar AS c
LEFT JOIN (SELECT * FROM activity_by_month_rows FINAL) AS a ON a.activity_month = c.activity_month
ORDER BY activity_month
COMMENT 'Users by what each month is to them: one row per calendar month from the first active one to that of the latest watermark. The ground of social_capital_growth_accounting and quick_ratio_analysis.';
