-- How the number of active users changes from month to month. In: activity_by_month. Out: people.

CREATE OR REPLACE VIEW social_capital_growth_accounting
(
    activity_month Date COMMENT 'First day of the calendar month',
    total_mau UInt64 COMMENT 'MAU: distinct users active in the calendar month',
    new_users UInt64 COMMENT 'Active users whose first active month it is',
    retained_users UInt64 COMMENT 'Active users who were active in the month before',
    resurrected_users UInt64 COMMENT 'Active users who were active before, but not in the month before',
    churned_users UInt64 COMMENT 'Users who were active in the month before, and are not',
    retention_rate_pct Nullable(Float64) COMMENT 'Retained users in percent of the MAU of the month before; NULL when there was none, or is none now',
    churn_rate_pct Nullable(Float64) COMMENT 'Churned users in percent of the MAU of the month before; NULL when there was none, or is none now',
    quick_ratio Nullable(Float64) COMMENT '(new + resurrected) / churned, to 2 decimals, half up; NULL if nobody churned',
    growth_quality_category LowCardinality(String) COMMENT 'By the unrounded ratio: Unknown = NULL, or a month without active users; Declining < 1 = the product loses users, stop losing them before buying more; Typical Consumer [1, 1.5) = usual; Good Consumer [1.5, 2) = grows well; Excellent Consumer >= 2 = grows very well',
    verification_total UInt64 COMMENT 'new + retained + resurrected, which is total_mau',
    is_complete Bool COMMENT 'Whether every day of the month is complete',
    computed_at DateTime64(3, 'UTC') COMMENT 'When it was computed; of a month without anybody, when it was read'
)
AS
SELECT
    activity_month,
    active_users AS total_mau,
    new_users,
    retained_users,
    resurrected_users,
    churned_users,
    if(active_users = 0, NULL, 100 * retained_users / nullIf(previous_active_users, 0)) AS retention_rate_pct,
    if(active_users = 0, NULL, 100 * churned_users / nullIf(previous_active_users, 0)) AS churn_rate_pct,
    if(churned_users = 0, NULL, intDiv(200 * (new_users + resurrected_users) + churned_users, 2 * greatest(churned_users, 1)) / 100) AS quick_ratio,
    (new_users + resurrected_users) / nullIf(churned_users, 0) AS exact_ratio,
    multiIf(
        active_users = 0 OR exact_ratio IS NULL, 'Unknown',
        exact_ratio < 1, 'Declining',
        exact_ratio < 1.5, 'Typical Consumer',
        exact_ratio < 2, 'Good Consumer',
        'Excellent Consumer'
    ) AS growth_quality_category,
    new_users + retained_users + resurrected_users AS verification_total,
    is_complete,
    computed_at
FROM activity_by_month
ORDER BY activity_month
COMMENT 'Growth accounting by calendar month, dense from the first active month to that of the latest watermark.';
