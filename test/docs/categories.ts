/** What the values of categories mean and what to do about them, for people. The data dictionary shows it. */
export interface Category {
  readonly table: string;
  readonly column: string;
  /** Value, when it is given, what to do. */
  readonly values: readonly (readonly [value: string, when: string, whatToDo: string])[];
}

const UNKNOWN = ['Unknown', 'nothing to judge', 'wait for data'] as const;
const NOTHING = 'nothing';

export const CATEGORIES: readonly Category[] = [
  {
    table: 'growth_metrics',
    column: 'quick_ratio_state',
    values: [
      ['no_prior', 'the first day: nobody can have churned', 'wait for the second day'],
      ['no_churn', 'nobody churned: the ratio is undefined, growth unhindered', NOTHING],
      ['ok', 'the ratio is there', 'read it'],
    ],
  },
  {
    table: 'growth_metrics',
    column: 'daily_growth_quality',
    values: [
      ['Declining', 'quick ratio < 1: more leave than come', 'find out what drives them away'],
      ['Healthy', 'quick ratio in [1, 1.5): growth covers churn', 'keep watching the week'],
      ['Strong', 'quick ratio ≥ 1.5', 'find out what works, do more of it'],
      UNKNOWN,
    ],
  },
  {
    table: 'growth_metrics',
    column: 'activity_trend_7d',
    values: [
      ['Trending Up', 'DAU above the mean of the 7 days before', NOTHING],
      ['Trending Down', 'DAU below it', 'compare with the same weekday before you worry'],
      ['Stable', 'equal, or fewer than 7 days before', NOTHING],
      UNKNOWN,
    ],
  },
  {
    table: 'social_capital_growth_accounting',
    column: 'growth_quality_category',
    values: [
      ['Declining', 'quick ratio < 1', 'stop losing users before buying more'],
      ['Typical Consumer', 'quick ratio in [1, 1.5)', 'usual for consumer products'],
      ['Good Consumer', 'quick ratio in [1.5, 2)', 'grow'],
      ['Excellent Consumer', 'quick ratio ≥ 2', 'grow faster'],
      UNKNOWN,
    ],
  },
  {
    table: 'quick_ratio_analysis',
    column: 'alert_level',
    values: [
      [
        'CRITICAL: Quick Ratio Below 1.0',
        'quick ratio < 1',
        'more leave than come: act on churn now',
      ],
      [
        'WARNING: Quick Ratio Dropped Below 1.2',
        'quick ratio < 1.2 and ≥ 1.2 the month before',
        'look early which cohort leaves',
      ],
      [
        'WARNING: Quick Ratio Declined >0.3 Points',
        'quick ratio fell by more than 0.3',
        'a sharp turn: look at what changed that month',
      ],
      [
        'WARNING: Churn Significantly Exceeding Growth',
        'churned > 1.5 · (new + resurrected)',
        'look at acquisition and churn together',
      ],
      ['OK', 'none of these, or no ratio', NOTHING],
    ],
  },
  {
    table: 'quick_ratio_analysis',
    column: 'retention_benchmark',
    values: [
      ['Excellent (80%+)', 'monthly retention ≥ 80 %', NOTHING],
      ['Good (60-80%)', '[60, 80)', NOTHING],
      ['Average (40-60%)', '[40, 60)', 'work on the second and third visit'],
      ['Below Average (20-40%)', '[20, 40)', 'work on onboarding'],
      ['Poor (<20%)', '< 20', 'work on what the product is for'],
      UNKNOWN,
    ],
  },
  {
    table: 'quick_ratio_analysis',
    column: 'quick_ratio_benchmark',
    values: [
      ['Top Tier (2.0+)', 'quick ratio ≥ 2', NOTHING],
      ['Strong (1.5-2.0)', '[1.5, 2)', NOTHING],
      ['Healthy (1.0-1.5)', '[1, 1.5)', 'watch the trend'],
      ['Concerning (0.8-1.0)', '[0.8, 1)', 'act on churn'],
      ['Critical (<0.8)', '< 0.8', 'act on churn now'],
      UNKNOWN,
    ],
  },
  {
    table: 'quick_ratio_analysis',
    column: 'business_stage',
    values: [
      ['Early Stage', '0 to 5 months after the first active one', 'ratios are high by nature'],
      ['Growth Stage', '6 to 23 months', 'compare with other months of this stage'],
      ['Mature Stage', '24 months and more', 'a ratio a little above 1 is usual'],
    ],
  },
  {
    table: 'quick_ratio_analysis',
    column: 'strategic_recommendation',
    values: [
      ['Focus on reducing churn before growth', 'quick ratio < 1', 'as it says'],
      [
        'Invest heavily in user acquisition',
        'quick ratio ≥ 1.5 and retention ≥ 60 %',
        'who comes stays: bring more',
      ],
      ['Improve product stickiness and onboarding', 'retention < 40 %', 'who comes does not stay'],
      ['Restart user acquisition efforts', 'nobody new', 'as it says'],
      ['Optimize current growth strategy', 'none of these', 'small steps'],
    ],
  },
  {
    table: 'retention_quality_framework',
    column: 'retention_quality_category',
    values: [
      ['Excellent', '≥ 80 % of the active users were active the day before', NOTHING],
      ['Good', '[60, 80)', NOTHING],
      ['Average', '[40, 60)', 'give reasons to come daily, if daily use is the aim'],
      ['Below Average', '[20, 40)', 'most come only now and then'],
      ['Poor', '< 20', 'users come by, they do not live here'],
      UNKNOWN,
    ],
  },
  {
    table: 'retention_quality_framework',
    column: 'engagement_trend',
    values: [
      ['High Engagement', '> 70 % were active the day before', NOTHING],
      ['Moderate Engagement', '[40, 70]', NOTHING],
      ['Low Engagement', '< 40', 'look for reasons to come every day'],
      UNKNOWN,
    ],
  },
  {
    table: 'user_resurrection_analysis',
    column: 'resurrection_quality_category',
    values: [
      [
        'Excellent',
        '≥ 30 % of the active users came back',
        'make sure that it is not churn of yesterday',
      ],
      ['Good', '[20, 30)', NOTHING],
      ['Average', '[10, 20)', NOTHING],
      ['Below Average', '[5, 10)', 'try winning users back'],
      ['Poor', '< 5', 'hardly anybody comes back: try reminders'],
      UNKNOWN,
    ],
  },
  {
    table: 'user_resurrection_analysis',
    column: 'resurrection_pattern',
    values: [
      ['No Resurrections', 'nobody came back', 'try winning users back'],
      [
        'Quick Return Focus',
        'more after 2–7 days than after all longer pauses',
        'a weekly habit: serve it',
      ],
      [
        'Long-term Recovery',
        'more after 31 days and longer than after 2–7',
        'winning back works: do more',
      ],
      ['Balanced Recovery', 'neither', NOTHING],
      UNKNOWN,
    ],
  },
  {
    table: 'growth_drivers',
    column: 'miles_economy_health',
    values: [
      ['No Activity', 'nothing earned or redeemed', 'check whether events of miles arrive'],
      ['Healthy Growth', 'earned > 1.2 · redeemed', NOTHING],
      ['Stable', 'earned > redeemed', NOTHING],
      ['High Redemption', 'redeemed > 1.2 · earned', 'look at what it costs'],
      ['Balanced', 'none of these', NOTHING],
      UNKNOWN,
    ],
  },
  {
    table: 'growth_drivers',
    column: 'social_engagement_level',
    values: [
      ['High Social', '≥ 20 % of the active users share or like', NOTHING],
      ['Moderate Social', '[10, 20)', NOTHING],
      ['Low Social', '< 10', 'make sharing worth while'],
      UNKNOWN,
    ],
  },
];
