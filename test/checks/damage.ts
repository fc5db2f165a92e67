/**
 * What can happen to data, as SQL, and the check that has to see it. All of it can happen to one
 * database: none hides another. Stored rows are replaced under the version that they have, as no refresh
 * would mend them then.
 */
import { DAY } from './checked-world.ts';

const OF_DAY = `event_date = '${DAY}'`;

function again(table: string, change: string, which: string): string {
  return `INSERT INTO ${table} SELECT * REPLACE (${change}) FROM (SELECT * FROM ${table} FINAL WHERE ${which})`;
}
/** An event beside those there are. */
function event(change: string): string {
  const other = `${change}, generateUUIDv4()::String AS event_id, offset + 1000000 AS offset`;
  return again('events_rows', other, `${OF_DAY} LIMIT 1`);
}
/** The view is another from now on. */
function view(name: string, select: string): string[] {
  return [
    `RENAME TABLE ${name} TO ${name}_before`,
    `CREATE VIEW ${name} AS SELECT ${select.replace('{}', `${name}_before`)}`,
  ];
}
/** Kafka brought a record, and none since. */
const silent = (stream: string, hours: number) =>
  again(
    'source_progress_rows',
    `'${stream}/0' AS source, 0 AS accepted, 1 AS duplicate, now64(3) - toIntervalHour(${hours}) AS last_record_time`,
    `stream = '${stream}' LIMIT 1`,
  );

export const DAMAGE: Readonly<Record<string, readonly string[]>> = {
  'unique-events': [again('events_rows', 'bucket + 1 AS bucket', `${OF_DAY} LIMIT 1`)],
  'not-null-events': [event("'' AS user_id")],
  'accepted-values-events': [event("'never_heard_of' AS event_type")],
  'in-range-products': [
    "INSERT INTO product_rows (product_id, state_id, name, price, updated_at) VALUES ('cheap', 'x', 'Cheap', -1, '2026-02-01')",
  ],
  'relationship-events-product_id-products': [event("'no-such-product' AS product_id")],
  'relationship-user_attributes-plan_id-subscription_plans': [
    again(
      'user_attribute_rows',
      "'no-such-plan' AS plan_id, 'odd' AS user_id, 'odd' AS state_id",
      '1 LIMIT 1',
    ),
  ],
  'recency-orders-warn': [silent('orders', 30)],
  'recency-user-attributes-error': [silent('user-attributes', 50)],
  'recency-marts-error': [
    "INSERT INTO mart_refreshes_rows (mart, refreshed_at, error, checked_at) VALUES ('elsewhere', now64(3) - INTERVAL 3 DAY, 'out of memory', now64(3))",
  ],
  'marts-are-refreshed': [],
  'watermarks-are-not-ahead': [
    again('source_progress_rows', 'now64(6) + INTERVAL 3 DAY AS watermark', "stream = 'products'"),
  ],
  'accepted-are-stored': [],
  'user-days-are-their-events': [],
  'growth-adds-up': [again('activity_by_day_rows', 'new_users + 1 AS new_users', OF_DAY)],
  'stages-add-up-to-active': [],
  'growth-windows-are-nested': [
    again('activity_by_day_rows', 'entered_28d + 1000 AS entered_28d', "event_date = '2026-03-11'"),
  ],
  'cohorts-add-up-to-active': [
    again(
      'retention_cohorts_rows',
      'users_active + 1000 AS users_active',
      "period_month = '2026-02-01' AND cohort_month < period_month LIMIT 1",
    ),
  ],
  'cohorts-start-whole': [],
  'growth-months-add-up': [
    again(
      'activity_by_month_rows',
      'retained_users + 1000 AS retained_users',
      "activity_month = '2026-02-01'",
    ),
  ],
  'active-days-are-user-days': [
    again('activity_by_day_rows', 'active_users + 1 AS active_users', "event_date = '2026-03-09'"),
  ],
  'miles-of-days-are-of-users': [
    again('driver_days_rows', 'miles_earned + 1 AS miles_earned', "event_date = '2026-03-12'"),
  ],
  'growth-days-are-dense': view('miles_analytics', `* FROM {} WHERE event_date != '2026-03-08'`),
  'resurrections-add-up': view(
    'user_resurrection_analysis',
    '* REPLACE (total_resurrections + 1 AS total_resurrections) FROM {}',
  ),
  'channels-add-up-to-new-users': view(
    'growth_drivers',
    '* REPLACE (new_paid_users + 1 AS new_paid_users) FROM {}',
  ),
  'miles-are-their-ledger': [
    again('user_day_rows', 'miles_earned + 1 AS miles_earned', `${OF_DAY} LIMIT 1`),
  ],
  'user-days-are-consistent': [
    again(
      'user_day_rows',
      'last_event_at + INTERVAL 2 DAY AS last_event_at',
      "event_date = '2026-03-11' LIMIT 1",
    ),
  ],
  'negative-balances-have-a-breach': [
    again(
      'balance_breaches_rows',
      "[(toDateTime64('2026-02-02', 6, 'UTC'), NULL, toInt64(5), 'x'), (toDateTime64('2026-02-03', 6, 'UTC'), NULL, toInt64(-5), 'y')] AS breaches",
      '1 LIMIT 1',
    ),
  ],
  'breaches-are-in-turn': [],
  'sessions-do-not-overlap': [
    again(
      'user_sessions_rows',
      'arrayMap(time -> time + INTERVAL 60 DAY, ended_at) AS ended_at',
      'length(started_at) > 3 ORDER BY arrayMax(started_at) DESC LIMIT 1',
    ),
  ],
  'sessions-have-all-events': [
    again(
      'user_sessions_rows',
      'arrayMap(n -> n + 1, events) AS events',
      'notEmpty(events) ORDER BY arrayMax(started_at) ASC LIMIT 1',
    ),
  ],
  'first-weeks-are-weeks': [
    again(
      'user_first_week_rows',
      'mapApply((type, days) -> (type, days + 7), event_days) AS event_days',
      'notEmpty(event_days) ORDER BY user_id DESC LIMIT 1',
    ),
  ],
  'interactions-follow-registration': [
    again(
      'user_attribute_rows',
      "toDateTime64('2026-03-19', 6) AS created_at, updated_at + INTERVAL 1 DAY AS updated_at, 'later' AS state_id",
      `user_id = (SELECT min(user_id) FROM events WHERE ${OF_DAY} AND user_id != '')`,
    ),
  ],
  'cities-are-in-one-state': [
    again(
      'user_attribute_rows',
      "'Blekinge' AS state, 'a' AS user_id, 'a' AS state_id",
      '1 LIMIT 1',
    ),
  ],
  'states-are-in-one-country': [
    again(
      'user_attribute_rows',
      "'Malmö' AS city, 'DK' AS country, 'b' AS user_id, 'b' AS state_id",
      '1 LIMIT 1',
    ),
  ],
  'page-urls-are-urls': [event("'no url' AS page_url")],
  'order-lines-are-of-their-kind': [
    again('order_lines_rows', "0 AS quantity, 'zero' AS line_id", "line_id = '2'"),
  ],
  'customer-days-are-their-lines': [],
  'order-line-kinds-add-up': [
    again('order_lines_rows', "'odd' AS line_kind, 'odd' AS line_id", "line_id = '3'"),
  ],
  'accepted-values-order_lines': [],
  'customers-of-days-are-within-a-month': view(
    'customer_engagement_daily',
    '* REPLACE (mau + 5 AS dau) FROM {}',
  ),
  'churned-customers-are-in-their-group': view(
    'obt_customer_kpis_and_segmentation',
    '* REPLACE (NOT is_churned AS is_churned) FROM {}',
  ),
  'orders-are-delivered-after-they-are-placed': [
    again(
      'order_rows',
      "ordered_at - INTERVAL 1 HOUR AS delivered_at, 'early' AS order_id, 'e' AS state_id",
      '1 LIMIT 1',
    ),
  ],
  'histories-do-not-overlap': view(
    'products_history',
    '* FROM {} UNION ALL SELECT * REPLACE (valid_from + INTERVAL 1 DAY AS valid_from) FROM products_history_before',
  ),
  'rfm-segments-cover-all-cells': [
    "INSERT INTO rfm_segments (rfm_segmentation, part, r_from, r_to, f_from, f_to, m_from, m_to) VALUES ('All', 1, 1, 5, 1, 5, 1, 5)",
  ],
  'forgotten-users-are-gone': [
    `INSERT INTO forgotten_users (field, hash, sha256)
    SELECT 'user_id', bucket, lower(hex(SHA256(user_id))) FROM events_rows WHERE ${OF_DAY} AND user_id != '' LIMIT 1`,
  ],
  'late-are-stored': [
    again(
      'source_progress_rows',
      'late + 1 AS late, invalid + 1 AS invalid',
      "stream = 'app-events'",
    ),
  ],
  'refused-are-stored': [],
};
