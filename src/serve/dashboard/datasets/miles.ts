/** The queries behind the page of miles: miles earned, redeemed and overdrawn. */
import type { Dataset } from '../dataset.ts';
import { withinRange } from '../dataset.ts';

export const MILES: Dataset = {
  name: 'miles',
  description: 'One row per day: miles earned and redeemed, and by how many users.',
  views: ['miles_analytics'],
  meanings: { outstanding_miles: 'Miles earned less miles redeemed, up to and on this day' },
  sql: `SELECT
    event_date,
    daily_miles_earned,
    daily_miles_redeemed,
    net_miles_change,
    users_earning,
    users_redeeming,
    avg_7d_miles_earned,
    avg_7d_miles_redeemed,
    cumulative_miles_earned - cumulative_miles_redeemed AS outstanding_miles,
    is_complete
FROM miles_analytics
WHERE ${withinRange('event_date')}
ORDER BY event_date`,
};

export const BALANCES: Dataset = {
  name: 'balances',
  description: 'One row: what all users have, and how many are below zero.',
  views: ['dim_users', 'users_with_negative_miles'],
  meanings: {
    outstanding: 'Sum of all balances',
    median_balance: 'Half of the users with miles have at most so many',
    in_the_red: 'Users whose balance is below zero',
    owed: 'By how many miles their balances are below zero, all together',
    breaches: 'Times that a balance fell below zero',
    open_breaches: 'Of these, still below zero',
  },
  sql: `SELECT
    sum(current_miles_balance) AS outstanding,
    medianExactIf(current_miles_balance, miles_earned_transactions + miles_redeemed_transactions > 0) AS median_balance,
    countIf(current_miles_balance < 0) AS in_the_red,
    sumIf(-current_miles_balance, current_miles_balance < 0) AS owed,
    (SELECT count() FROM balance_breaches) AS breaches,
    (SELECT countIf(healed_at IS NULL) FROM balance_breaches) AS open_breaches
FROM dim_users
HAVING count() > 0`,
};

export const DISTRIBUTION: Dataset = {
  name: 'balance-distribution',
  description:
    'One row per bin of equal width: users with miles by balance, the outermost 1 % left out.',
  views: ['dim_users'],
  meanings: {
    balance_from: 'Lowest balance of the bin',
    bin_width: 'Width of every bin in miles: 1, 2 or 5 times a power of ten',
    users: 'Users with miles events whose balance is in the bin',
  },
  sql: `WITH
    balances AS
    (
        SELECT current_miles_balance AS balance
        FROM dim_users
        WHERE miles_earned_transactions + miles_redeemed_transactions > 0
    ),
    (SELECT quantilesExact(0.005, 0.995)(balance) FROM balances) AS ends,
    greatest((ends[2] - ends[1]) / 40, 1) AS raw_width,
    exp10(floor(log10(raw_width))) AS power,
    toInt64(power * multiIf(raw_width <= power, 1, raw_width <= 2 * power, 2, raw_width <= 5 * power, 5, 10)) AS bin_width
SELECT
    toInt64(floor(balance / bin_width)) * bin_width AS balance_from,
    bin_width,
    count() AS users
FROM balances
WHERE balance BETWEEN ends[1] AND ends[2]
GROUP BY balance_from
ORDER BY balance_from`,
};

export const BREACHES: Dataset = {
  name: 'breaches-by-day',
  description: 'One row per day: balances that fell below zero on it, and that came back.',
  views: ['growth_metrics'],
  meanings: {
    opened: 'Times that a balance fell below zero on this day',
    healed: 'Times that a balance came back to zero or above on this day',
  },
  sql: `WITH
    (SELECT ifNull(argMaxOrNull(timezone, epoch), 'UTC') FROM rules) AS zone
SELECT
    event_date,
    opened,
    healed,
    is_complete
FROM growth_metrics
LEFT JOIN
(
    SELECT day, countIf(change = 'opened') AS opened, countIf(change = 'healed') AS healed
    FROM
    (
        SELECT toDate(opened_at, zone) AS day, 'opened' AS change FROM balance_breaches
        UNION ALL
        SELECT toDate(assumeNotNull(healed_at), zone) AS day, 'healed' AS change FROM balance_breaches WHERE healed_at IS NOT NULL
    )
    GROUP BY day
) AS changes ON changes.day = event_date
WHERE ${withinRange('event_date')}
ORDER BY event_date`,
};

export const IN_THE_RED: Dataset = {
  name: 'users-in-the-red',
  description: 'One row per user whose balance is below zero: the first 20, the worst first.',
  views: ['users_with_negative_miles'],
  meanings: { breaches: 'How often the balance of the user fell below zero' },
  sql: `SELECT
    user_id,
    current_miles_balance,
    total_miles_earned,
    total_miles_redeemed,
    flagged_at,
    last_seen_date,
    breaches
FROM users_with_negative_miles AS u
LEFT JOIN
(
    SELECT user_id, count() AS breaches
    FROM balance_breaches
    GROUP BY user_id
) AS b ON b.user_id = u.user_id
ORDER BY current_miles_balance, user_id
LIMIT 20`,
};
