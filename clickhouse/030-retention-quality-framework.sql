-- How mature and how faithful the users of a day are. In: activity_by_day. Out: people.

CREATE OR REPLACE VIEW retention_quality_framework
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    daily_active_users UInt64 COMMENT 'DAU: distinct users with an event of an active type',
    new_stage_users UInt64 COMMENT 'Active users 0 to 7 days after their first active day',
    growing_stage_users UInt64 COMMENT 'Active users 8 to 30 days after their first active day',
    established_stage_users UInt64 COMMENT 'Active users 31 to 90 days after their first active day',
    mature_stage_users UInt64 COMMENT 'Active users more than 90 days after their first active day',
    users_consecutive_today UInt64 COMMENT 'Active users who were active the day before',
    returning_week_users UInt64 COMMENT 'Active users who were not active the day before, but on some of the 6 days before that',
    returning_long_gap_users UInt64 COMMENT 'Active users who were active before, but on none of the 7 days before',
    consecutive_today_pct Nullable(Float64) COMMENT 'users_consecutive_today in percent of DAU; NULL without active users',
    daily_retention_health_score Nullable(Float64) COMMENT '100 * (3 * consecutive + 2 * returning_week + returning_long_gap) / (3 * DAU), at most 100; NULL without active users',
    retention_quality_category LowCardinality(String) COMMENT 'By consecutive_today_pct: Excellent >= 80, Good >= 60, Average >= 40, Below Average >= 20, Poor: the lower, the more users come only now and then; Unknown = no active users',
    engagement_trend LowCardinality(String) COMMENT 'By consecutive_today_pct: High Engagement > 70, Moderate Engagement >= 40, Low Engagement = look for reasons to come every day; Unknown = no active users',
    is_complete Bool COMMENT 'Whether the day is settled: it changes only when late events are applied, a file is added or an idle source wakes',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; of a day without anybody, when it was read'
)
AS
SELECT
    event_date,
    active_users AS daily_active_users,
    new_stage_users,
    growing_stage_users,
    established_stage_users,
    mature_stage_users,
    retained_users AS users_consecutive_today,
    short_dormancy AS returning_week_users,
    medium_dormancy + long_dormancy + very_long_dormancy AS returning_long_gap_users,
    100 * users_consecutive_today / nullIf(active_users, 0) AS consecutive_today_pct,
    if(active_users = 0, NULL, least(100, 100 * (3 * users_consecutive_today + 2 * returning_week_users + returning_long_gap_users) / (3 * active_users))) AS daily_retention_health_score,
    multiIf(
        consecutive_today_pct IS NULL, 'Unknown',
        consecutive_today_pct >= 80, 'Excellent',
        consecutive_today_pct >= 60, 'Good',
        consecutive_today_pct >= 40, 'Average',
        consecutive_today_pct >= 20, 'Below Average',
        'Poor'
    ) AS retention_quality_category,
    multiIf(
        consecutive_today_pct IS NULL, 'Unknown',
        consecutive_today_pct > 70, 'High Engagement',
        consecutive_today_pct >= 40, 'Moderate Engagement',
        'Low Engagement'
    ) AS engagement_trend,
    is_complete,
    computed_at
FROM activity_by_day
ORDER BY event_date
COMMENT 'By day: how long ago the active users came for the first time, and how regularly they come.';
