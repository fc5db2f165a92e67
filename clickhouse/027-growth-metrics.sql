-- How the number of active users changes from day to day. In: activity_by_day. Out: people.

CREATE OR REPLACE VIEW growth_metrics
(
    event_date Date COMMENT 'Calendar day in the configured time zone',
    daily_active_users UInt64 COMMENT 'DAU: distinct users with an event of an active type',
    new_users UInt64 COMMENT 'Active users whose first active day it is',
    retained_users UInt64 COMMENT 'Active users who were active the day before',
    resurrected_users UInt64 COMMENT 'Active users who were active before, but not the day before',
    churned_users UInt64 COMMENT 'Users who were active the day before, and are not',
    dau_growth Nullable(Int64) COMMENT 'DAU less the DAU of the day before = new + resurrected - churned; NULL on the first day',
    new_users_pct Nullable(Float64) COMMENT 'New users in percent of DAU; NULL without active users',
    retained_users_pct Nullable(Float64) COMMENT 'Retained users in percent of DAU; NULL without active users',
    resurrected_users_pct Nullable(Float64) COMMENT 'Resurrected users in percent of DAU; NULL without active users',
    daily_quick_ratio Nullable(Float64) COMMENT '(new + resurrected) / churned; NULL if nobody churned',
    quick_ratio_state LowCardinality(String) COMMENT 'no_prior = the first day, nobody can have churned; no_churn = nobody did, the ratio is undefined and growth unhindered; ok = the ratio is there',
    day_over_day_retention_pct Nullable(Float64) COMMENT 'Retained users in percent of the DAU of the day before; NULL without active users on either day',
    weekly_active_users_7d UInt64 COMMENT 'WAU: distinct users active on this day or the 6 before',
    active_users_28d UInt64 COMMENT 'Distinct users active on this day or the 27 before',
    monthly_active_users_30d UInt64 COMMENT 'MAU: distinct users active on this day or the 29 before',
    weekly_avg_dau Float64 COMMENT 'Mean DAU of this day and the 6 before, of those since the first day',
    monthly_avg_dau Float64 COMMENT 'Mean DAU of this day and the 29 before, of those since the first day',
    dau_wau_stickiness Nullable(Float64) COMMENT 'DAU in percent of WAU; NULL without active users',
    dau_mau_stickiness Nullable(Float64) COMMENT 'DAU in percent of MAU; NULL without active users',
    wau_mau_stickiness Nullable(Float64) COMMENT 'WAU in percent of MAU; NULL without active users',
    daily_growth_quality LowCardinality(String) COMMENT 'By daily_quick_ratio: Unknown = NULL, or a day without active users; Declining < 1 = more leave than come, look at what drives them away; Healthy [1, 1.5) = growth covers churn; Strong >= 1.5 = growth well above churn',
    activity_trend_7d LowCardinality(String) COMMENT 'DAU against the mean of the 7 days before: Trending Up = above; Trending Down = below, look at what changed; Stable = equal, or fewer than 7 days before; Unknown = a day without active users',
    is_complete Bool COMMENT 'Whether the day is settled: it changes only when late events are applied, a file is added or an idle source wakes',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; of a day without anybody, when it was read'
)
AS
SELECT
    event_date,
    active_users AS daily_active_users,
    new_users,
    retained_users,
    resurrected_users,
    churned_users,
    toInt64(active_users) - toInt64(previous_active_users) AS dau_growth,
    100 * new_users / nullIf(active_users, 0) AS new_users_pct,
    100 * retained_users / nullIf(active_users, 0) AS retained_users_pct,
    100 * resurrected_users / nullIf(active_users, 0) AS resurrected_users_pct,
    (new_users + resurrected_users) / nullIf(churned_users, 0) AS daily_quick_ratio,
    multiIf(previous_active_users IS NULL, 'no_prior', churned_users = 0, 'no_churn', 'ok') AS quick_ratio_state,
    if(active_users = 0, NULL, 100 * retained_users / nullIf(previous_active_users, 0)) AS day_over_day_retention_pct,
    weekly_active_users_7d,
    active_users_28d,
    monthly_active_users_30d,
    avg(active_users) OVER (ORDER BY event_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS weekly_avg_dau,
    avg(active_users) OVER (ORDER BY event_date ROWS BETWEEN 29 PRECEDING AND CURRENT ROW) AS monthly_avg_dau,
    if(active_users = 0, NULL, 100 * active_users / weekly_active_users_7d) AS dau_wau_stickiness,
    if(active_users = 0, NULL, 100 * active_users / monthly_active_users_30d) AS dau_mau_stickiness,
    if(active_users = 0, NULL, 100 * weekly_active_users_7d / monthly_active_users_30d) AS wau_mau_stickiness,
    multiIf(
        active_users = 0 OR daily_quick_ratio IS NULL, 'Unknown',
        daily_quick_ratio < 1, 'Declining',
        daily_quick_ratio < 1.5, 'Healthy',
        'Strong'
    ) AS daily_growth_quality,
    -- In whole numbers, so that equal is equal: 7 times the DAU against the sum of the 7 days before.
    sum(active_users) OVER (ORDER BY event_date ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS sum_of_7_before,
    count() OVER (ORDER BY event_date ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS days_before,
    multiIf(
        active_users = 0, 'Unknown',
        days_before < 7, 'Stable',
        7 * active_users > sum_of_7_before, 'Trending Up',
        7 * active_users < sum_of_7_before, 'Trending Down',
        'Stable'
    ) AS activity_trend_7d,
    is_complete,
    computed_at
FROM activity_by_day
ORDER BY event_date
COMMENT 'Growth accounting by day, dense from the first active day to the day of the latest watermark. active = new + retained + resurrected; active less active of the day before = new + resurrected - churned.';
