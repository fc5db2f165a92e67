/**
 * What is known of tables beyond their columns' types: what identifies a row, and its day. Out: the
 * ground of the checks that follow from the schema.
 */
import type { DayStream } from './check.ts';

export interface CheckedTable {
  readonly name: string;
  /** Columns that no two rows have in common. */
  readonly key: readonly [string, ...string[]];
  /** The column by which checks are confined to days. */
  readonly day?: string;
  readonly stream?: DayStream;
  /** Whether it is stored by refreshes. */
  readonly mart?: boolean;
  /** Columns of text that may be empty. */
  readonly mayBeEmpty?: readonly string[];
}

const day = { day: 'event_date' };
const mart = { mart: true };
const order = { stream: 'order-lines' } as const;

export const TABLES: readonly CheckedTable[] = [
  { name: 'events', key: ['event_date', 'user_id', 'event_id', 'source'], ...day },
  { name: 'late_events', key: ['source', 'offset'], ...day },
  {
    name: 'rejected_events',
    key: ['stream', 'source', 'offset'],
    mayBeEmpty: ['fields'],
  },
  { name: 'source_progress', key: ['stream', 'source'] },
  { name: 'user_days', key: ['event_date', 'user_id'], ...day },
  { name: 'dim_users', key: ['user_id'] },
  { name: 'users_with_negative_miles', key: ['user_id'] },
  { name: 'active_and_inactive_user', key: ['user_id'] },
  { name: 'balance_breaches', key: ['user_id', 'opened_at', 'cause_event_id'], ...mart },
  { name: 'sessions', key: ['session_id'], ...day, ...mart },
  {
    name: 'fct_producer_sessions',
    key: ['producer_session_id', 'user_id', 'event_date'],
    ...day,
  },
  { name: 'user_first_week', key: ['user_id'], ...mart },
  { name: 'dim_user_early_engagement', key: ['user_id'], ...mart },
  { name: 'growth_metrics', key: ['event_date'], ...day, ...mart },
  { name: 'retention_quality_framework', key: ['event_date'], ...day, ...mart },
  { name: 'user_resurrection_analysis', key: ['event_date'], ...day, ...mart },
  { name: 'growth_drivers', key: ['event_date'], ...day, ...mart },
  { name: 'miles_analytics', key: ['event_date'], ...day, ...mart },
  { name: 'social_capital_growth_accounting', key: ['activity_month'], ...mart },
  { name: 'quick_ratio_analysis', key: ['activity_month'], ...mart },
  { name: 'retention_cohorts', key: ['cohort_month', 'period_month'], ...mart },
  {
    name: 'retention_cohorts_daily',
    key: ['cohort_date', 'period_date'],
    day: 'period_date',
    ...mart,
  },
  { name: 'user_attributes', key: ['user_id'] },
  { name: 'user_attributes_history', key: ['user_id', 'valid_from'] },
  { name: 'products', key: ['product_id'], mayBeEmpty: ['name'] },
  { name: 'products_history', key: ['product_id', 'valid_from'], mayBeEmpty: ['name'] },
  { name: 'subscription_plans', key: ['plan_id'], mayBeEmpty: ['name', 'period'] },
  {
    name: 'subscription_plans_history',
    key: ['plan_id', 'valid_from'],
    mayBeEmpty: ['name', 'period'],
  },
  {
    name: 'dim_subscription_plans',
    key: ['plan_id'],
    mayBeEmpty: ['plan_name', 'plan_period'],
  },
  { name: 'orders', key: ['order_id'], mayBeEmpty: ['status'] },
  { name: 'fct_orders', key: ['order_id'], mayBeEmpty: ['status'] },
  {
    name: 'order_lines',
    key: ['event_date', 'customer_id', 'line_id', 'source'],
    ...day,
    ...order,
  },
  { name: 'late_order_lines', key: ['source', 'offset'], ...day, ...order },
  { name: 'customer_days', key: ['event_date', 'customer_id'], ...day, ...order },
  { name: 'customer_engagement_daily', key: ['event_date'], ...day, ...order },
  { name: 'obt_customer_kpis_and_segmentation', key: ['customer_id'], ...order },
  { name: 'product_price_flags', key: ['stock_code'], ...order },
  { name: 'scoring_runs', key: ['run_id'], mayBeEmpty: ['code_version'] },
  { name: 'latest_user_scores', key: ['user_id'] },
  { name: 'latest_customer_scores', key: ['customer_id'] },
  { name: 'latest_scoring_coefficients', key: ['feature'] },
];
