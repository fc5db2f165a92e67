/** The queries behind the page of growth: who comes, stays, comes back and leaves. */
import type { Dataset } from '../dataset.ts';
import { withinRange } from '../dataset.ts';

export const GROWTH: Dataset = {
  name: 'growth',
  description: 'One row per day: active users and what the day is to them.',
  views: ['growth_metrics'],
  sql: `SELECT
    event_date,
    daily_active_users,
    weekly_active_users_7d,
    monthly_active_users_30d,
    new_users,
    retained_users,
    resurrected_users,
    churned_users,
    daily_quick_ratio,
    day_over_day_retention_pct,
    dau_wau_stickiness,
    dau_mau_stickiness,
    wau_mau_stickiness,
    is_complete
FROM growth_metrics
WHERE ${withinRange('event_date')}
ORDER BY event_date`,
};

export const NEWEST: Dataset = {
  name: 'growth-newest',
  description: 'One row: the newest settled day, or the newest one while none is settled.',
  views: ['growth_metrics'],
  sql: `SELECT
    event_date,
    daily_active_users,
    weekly_active_users_7d,
    monthly_active_users_30d,
    daily_quick_ratio,
    daily_growth_quality,
    dau_mau_stickiness,
    activity_trend_7d
FROM growth_metrics
ORDER BY is_complete DESC, event_date DESC
LIMIT 1`,
};

export const MONTHS: Dataset = {
  name: 'growth-by-month',
  description:
    'One row per calendar month: its accounts, the quick ratio and what follows from it.',
  views: ['quick_ratio_analysis'],
  sql: `SELECT
    activity_month,
    total_mau,
    new_users,
    retained_users,
    resurrected_users,
    churned_users,
    retention_rate_pct,
    quick_ratio,
    quick_ratio_benchmark,
    alert_level,
    strategic_recommendation,
    is_complete
FROM quick_ratio_analysis
ORDER BY activity_month`,
};

export const MONTHLY_COHORTS: Dataset = {
  name: 'retention-by-month',
  description: 'One row per month of acquisition and month since, of the last 12 cohorts.',
  views: ['retention_cohorts'],
  sql: `SELECT
    cohort_month,
    period_month,
    period_number,
    users_active,
    cohort_size,
    retention_rate,
    is_complete
FROM retention_cohorts
WHERE cohort_month > (SELECT max(cohort_month) - INTERVAL 12 MONTH FROM retention_cohorts)
ORDER BY cohort_month, period_month`,
};

export const DAILY_COHORTS: Dataset = {
  name: 'retention-by-day',
  description: 'One row per day of acquisition and day since, of the last 28 cohorts.',
  views: ['retention_cohorts_daily'],
  sql: `SELECT
    cohort_date,
    period_date,
    period_number,
    users_active,
    cohort_size,
    retention_rate,
    is_complete
FROM retention_cohorts_daily
WHERE cohort_date + 28 > (SELECT max(last_day) FROM stream_watermarks WHERE stream = 'app-events')
ORDER BY cohort_date, period_date`,
};

export const CHANNELS: Dataset = {
  name: 'new-users-by-channel',
  description: 'One row per day: new users by the channel of their first event.',
  views: ['growth_drivers'],
  sql: `SELECT
    event_date,
    new_organic_users,
    new_paid_users,
    new_social_users,
    new_referral_users,
    new_other_users,
    is_complete
FROM growth_drivers
WHERE ${withinRange('event_date')}
ORDER BY event_date`,
};
