-- What the monthly quick ratio says, and what to do about it. In: activity_by_month. Out: people, alerts.

CREATE OR REPLACE VIEW quick_ratio_analysis
(
    activity_month Date COMMENT 'First day of the calendar month',
    total_mau UInt64 COMMENT 'MAU: distinct users active in the calendar month',
    new_users UInt64 COMMENT 'Active users whose first active month it is',
    retained_users UInt64 COMMENT 'Active users who were active in the month before',
    resurrected_users UInt64 COMMENT 'Active users who were active before, but not in the month before',
    churned_users UInt64 COMMENT 'Users who were active in the month before, and are not',
    retention_rate_pct Nullable(Float64) COMMENT 'Retained users in percent of the MAU of the month before; NULL when there was none, or is none now',
    churn_rate_pct Nullable(Float64) COMMENT 'Churned users in percent of the MAU of the month before; NULL when there was none, or is none now',
    quick_ratio Nullable(Float64) COMMENT '(new + resurrected) / churned; NULL if nobody churned',
    quick_ratio_3mo_avg Nullable(Float64) COMMENT 'Mean ratio of this month and the 2 before, without those that have none; NULL when none has',
    quick_ratio_change Nullable(Float64) COMMENT 'Ratio less that of the month before; NULL when either is',
    alert_level LowCardinality(String) COMMENT 'The gravest of alerts: CRITICAL: Quick Ratio Below 1.0 = more users leave than come; WARNING: Quick Ratio Dropped Below 1.2 = it was above a month ago, look early; WARNING: Quick Ratio Declined >0.3 Points = a sharp turn, look at what changed; WARNING: Churn Significantly Exceeding Growth = churn is above 1.5 times new and resurrected; OK = none of them, or the ratio is NULL',
    alerts Array(String) COMMENT 'All alerts that apply, the gravest first',
    growth_quality_score Nullable(UInt8) COMMENT '50 times the ratio, at most 100, rounded half up; NULL with the ratio, and without active users',
    retention_benchmark LowCardinality(String) COMMENT 'By retention_rate_pct: Excellent (80%+), Good (60-80%), Average (40-60%), Below Average (20-40%), Poor (<20%): the lower, the more onboarding and core value need work; Unknown = NULL',
    quick_ratio_benchmark LowCardinality(String) COMMENT 'By the ratio: Top Tier (2.0+), Strong (1.5-2.0), Healthy (1.0-1.5), Concerning (0.8-1.0) = act, Critical (<0.8) = act now; Unknown = NULL, or a month without active users',
    business_stage LowCardinality(String) COMMENT 'By calendar months since the first active month: Early Stage [0, 6), Growth Stage [6, 24), Mature Stage from 24; ratios fall with age, compare within a stage',
    strategic_recommendation LowCardinality(String) COMMENT 'What to do, the first that fits: Focus on reducing churn before growth = ratio < 1; Invest heavily in user acquisition = ratio >= 1.5 and retention >= 60 %; Improve product stickiness and onboarding = retention < 40 %; Restart user acquisition efforts = nobody new; else Optimize current growth strategy',
    is_complete Bool COMMENT 'Whether every day of the month is complete; alerts are for complete months only',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; of a month without anybody, when it was read'
)
AS
WITH months AS
(
    SELECT
        *,
        if(active_users = 0, NULL, 100 * retained_users / nullIf(previous_active_users, 0)) AS retention_rate_pct,
        if(active_users = 0, NULL, 100 * churned_users / nullIf(previous_active_users, 0)) AS churn_rate_pct,
        (new_users + resurrected_users) / nullIf(churned_users, 0) AS quick_ratio
    FROM activity_by_month
),
compared AS
(
    SELECT
        *,
        lagInFrame(quick_ratio) OVER (ORDER BY activity_month ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS previous_ratio,
        avg(quick_ratio) OVER (ORDER BY activity_month ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS quick_ratio_3mo_avg,
        quick_ratio - previous_ratio AS quick_ratio_change
    FROM months
)
SELECT
    activity_month,
    active_users AS total_mau,
    new_users,
    retained_users,
    resurrected_users,
    churned_users,
    retention_rate_pct,
    churn_rate_pct,
    quick_ratio,
    quick_ratio_3mo_avg,
    quick_ratio_change,
    if(empty(alerts), 'OK', alerts[1]) AS alert_level,
    arrayFilter(
        alert -> alert != '',
        [
            if(ifNull(quick_ratio < 1, false), 'CRITICAL: Quick Ratio Below 1.0', ''),
            if(ifNull(quick_ratio < 1.2 AND previous_ratio >= 1.2, false), 'WARNING: Quick Ratio Dropped Below 1.2', ''),
            if(ifNull(quick_ratio_change < -0.3, false), 'WARNING: Quick Ratio Declined >0.3 Points', ''),
            -- Churned above 1.5 times new and resurrected, in whole numbers.
            if(quick_ratio IS NOT NULL AND 2 * churned_users > 3 * (new_users + resurrected_users), 'WARNING: Churn Significantly Exceeding Growth', '')
        ]
    ) AS alerts,
    if(
        active_users = 0 OR churned_users = 0,
        NULL,
        toUInt8(least(100, intDiv(100 * (new_users + resurrected_users) + churned_users, 2 * greatest(churned_users, 1))))
    ) AS growth_quality_score,
    multiIf(
        retention_rate_pct IS NULL, 'Unknown',
        retention_rate_pct >= 80, 'Excellent (80%+)',
        retention_rate_pct >= 60, 'Good (60-80%)',
        retention_rate_pct >= 40, 'Average (40-60%)',
        retention_rate_pct >= 20, 'Below Average (20-40%)',
        'Poor (<20%)'
    ) AS retention_benchmark,
    multiIf(
        active_users = 0 OR quick_ratio IS NULL, 'Unknown',
        quick_ratio >= 2, 'Top Tier (2.0+)',
        quick_ratio >= 1.5, 'Strong (1.5-2.0)',
        quick_ratio >= 1, 'Healthy (1.0-1.5)',
        quick_ratio >= 0.8, 'Concerning (0.8-1.0)',
        'Critical (<0.8)'
    ) AS quick_ratio_benchmark,
    multiIf(months_since_first < 6, 'Early Stage', months_since_first < 24, 'Growth Stage', 'Mature Stage') AS business_stage,
    multiIf(
        ifNull(quick_ratio < 1, false), 'Focus on reducing churn before growth',
        ifNull(quick_ratio >= 1.5 AND retention_rate_pct >= 60, false), 'Invest heavily in user acquisition',
        ifNull(retention_rate_pct < 40, false), 'Improve product stickiness and onboarding',
        new_users = 0, 'Restart user acquisition efforts',
        'Optimize current growth strategy'
    ) AS strategic_recommendation,
    is_complete,
    computed_at
FROM compared
ORDER BY activity_month
COMMENT 'The quick ratio by calendar month: where it stands, where it goes, and what follows from it.';
