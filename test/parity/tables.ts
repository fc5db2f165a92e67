/** The tables of growth and miles, each with the plain model of it. */
import {
  growthAccounting,
  growthMetrics,
  quickRatioAnalysis,
  resurrectionAnalysis,
  retentionCohorts,
  retentionCohortsDaily,
  retentionQuality,
} from './growth.ts';
import type { Row, World } from './growth.ts';
import { balanceBreaches, growthDrivers, milesAnalytics } from './miles.ts';

export interface ParityTable {
  readonly name: string;
  readonly order: string;
  readonly model: (world: World) => readonly Row[];
}

export const GROWTH_TABLES: readonly ParityTable[] = [
  { name: 'growth_metrics', order: 'event_date', model: growthMetrics },
  { name: 'social_capital_growth_accounting', order: 'activity_month', model: growthAccounting },
  { name: 'quick_ratio_analysis', order: 'activity_month', model: quickRatioAnalysis },
  { name: 'retention_quality_framework', order: 'event_date', model: retentionQuality },
  { name: 'user_resurrection_analysis', order: 'event_date', model: resurrectionAnalysis },
  { name: 'retention_cohorts', order: 'cohort_month, period_month', model: retentionCohorts },
  {
    name: 'retention_cohorts_daily',
    order: 'cohort_date, period_date',
    model: retentionCohortsDaily,
  },
  { name: 'growth_drivers', order: 'event_date', model: growthDrivers },
  { name: 'miles_analytics', order: 'event_date', model: milesAnalytics },
  { name: 'balance_breaches', order: 'user_id, opened_at, cause_event_id', model: balanceBreaches },
];
