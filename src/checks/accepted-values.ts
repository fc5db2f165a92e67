/** The values that columns of few values may have: named by the definitions, or rows of a reference table. */

/** By table and column: the values, or a query of them. */
export const ACCEPTED_VALUES: Readonly<
  Record<string, Readonly<Record<string, readonly string[] | string>>>
> = {
  events: {
    event_type: 'SELECT event_type FROM event_types FINAL',
    channel_group: ['organic', 'paid', 'social', 'referral', 'other'],
  },
  rejected_events: { outcome: ['invalid', 'future'] },
  active_and_inactive_user: { status: ['active', 'inactive', 'never_active'] },
  growth_metrics: {
    quick_ratio_state: ['no_prior', 'no_churn', 'ok'],
    daily_growth_quality: ['Declining', 'Healthy', 'Strong', 'Unknown'],
    activity_trend_7d: ['Trending Up', 'Trending Down', 'Stable', 'Unknown'],
  },
  social_capital_growth_accounting: {
    growth_quality_category: [
      'Declining',
      'Typical Consumer',
      'Good Consumer',
      'Excellent Consumer',
      'Unknown',
    ],
  },
  quick_ratio_analysis: {
    alert_level: [
      'CRITICAL: Quick Ratio Below 1.0',
      'WARNING: Quick Ratio Dropped Below 1.2',
      'WARNING: Quick Ratio Declined >0.3 Points',
      'WARNING: Churn Significantly Exceeding Growth',
      'OK',
    ],
    retention_benchmark: [
      'Excellent (80%+)',
      'Good (60-80%)',
      'Average (40-60%)',
      'Below Average (20-40%)',
      'Poor (<20%)',
      'Unknown',
    ],
    quick_ratio_benchmark: [
      'Top Tier (2.0+)',
      'Strong (1.5-2.0)',
      'Healthy (1.0-1.5)',
      'Concerning (0.8-1.0)',
      'Critical (<0.8)',
      'Unknown',
    ],
    business_stage: ['Early Stage', 'Growth Stage', 'Mature Stage'],
    strategic_recommendation: [
      'Focus on reducing churn before growth',
      'Invest heavily in user acquisition',
      'Improve product stickiness and onboarding',
      'Restart user acquisition efforts',
      'Optimize current growth strategy',
    ],
  },
  retention_quality_framework: {
    retention_quality_category: [
      'Excellent',
      'Good',
      'Average',
      'Below Average',
      'Poor',
      'Unknown',
    ],
    engagement_trend: ['High Engagement', 'Moderate Engagement', 'Low Engagement', 'Unknown'],
  },
  user_resurrection_analysis: {
    resurrection_quality_category: [
      'Excellent',
      'Good',
      'Average',
      'Below Average',
      'Poor',
      'Unknown',
    ],
    resurrection_pattern: [
      'No Resurrections',
      'Quick Return Focus',
      'Long-term Recovery',
      'Balanced Recovery',
      'Unknown',
    ],
  },
  growth_drivers: {
    miles_economy_health: [
      'No Activity',
      'Healthy Growth',
      'Stable',
      'High Redemption',
      'Balanced',
      'Unknown',
    ],
    social_engagement_level: ['High Social', 'Moderate Social', 'Low Social', 'Unknown'],
  },
  order_lines: {
    line_kind: ['return', 'bad_debt', 'manual', 'non_product', 'free', 'incomplete', 'sale'],
  },
  obt_customer_kpis_and_segmentation: {
    rfm_segmentation: 'SELECT rfm_segmentation FROM rfm_segments FINAL',
    churn_risk_group: 'SELECT churn_risk_group FROM churn_groups FINAL',
    cltv_profit_segmentation: ['Low', 'Medium', 'High'],
  },
  product_price_flags: {
    price_flag: [
      'zero_or_manual',
      'normal',
      'one_off_price_change',
      'oscillating_or_promotional',
      'complex',
    ],
  },
  scoring_runs: { model: ['retention-drivers', 'users', 'customers'] },
};
