/** What was earned and spent, who has how much, and who spent more than they had. */
import { histogram } from '../charts/histogram.ts';
import type { Dataset } from '../dataset.ts';
import { numberIn, textIn, withinRange } from '../dataset.ts';
import { exact, longDay, moment, short } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';
import { bars, lines } from '../time-figure.ts';

const MILES: Dataset = {
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

const BALANCES: Dataset = {
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

const DISTRIBUTION: Dataset = {
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

const BREACHES: Dataset = {
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

const IN_THE_RED: Dataset = {
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

export const miles: Page = {
  path: '/miles',
  title: 'Miles',
  intro: 'What was earned and redeemed, who has how much, and who spent more than they had.',
  filledBy: 'Send app events that earn or redeem miles (miles_earned, miles_redeemed).',
  tiles: {
    dataset: BALANCES,
    of: (row) => [
      {
        label: 'outstanding',
        value: short(numberIn(row, 'outstanding') ?? 0),
        note: `${exact(numberIn(row, 'outstanding'))} miles`,
        column: 'outstanding',
      },
      {
        label: 'median balance',
        value: exact(numberIn(row, 'median_balance')),
        column: 'median_balance',
      },
      {
        label: 'users in the red',
        value: exact(numberIn(row, 'in_the_red')),
        note: `${exact(numberIn(row, 'owed'))} miles below zero`,
        column: 'in_the_red',
        ...((numberIn(row, 'in_the_red') ?? 0) > 0 ? { tone: 'bad' as const } : {}),
      },
      {
        label: 'breaches',
        value: exact(numberIn(row, 'breaches')),
        note: `${exact(numberIn(row, 'open_breaches'))} of them open`,
        column: 'breaches',
      },
    ],
  },
  figures: [
    {
      title: 'Earned and redeemed',
      caption: 'Miles of a day: what was earned above zero, what was redeemed below.',
      wide: true,
      dataset: MILES,
      ...bars('event_date', [
        { column: 'daily_miles_earned', label: 'earned', tone: 'teal' },
        { column: 'daily_miles_redeemed', label: 'redeemed', tone: 'amber', below: true },
      ]),
    },
    {
      title: 'Weekly pace',
      caption: 'The mean of 7 days, without the rhythm of the week.',
      dataset: MILES,
      ...lines('event_date', [
        { column: 'avg_7d_miles_earned', label: 'earned', tone: 'teal' },
        { column: 'avg_7d_miles_redeemed', label: 'redeemed', tone: 'amber' },
      ]),
    },
    {
      title: 'Outstanding miles',
      caption: 'What has been earned and not been redeemed yet.',
      dataset: MILES,
      ...lines('event_date', [{ column: 'outstanding_miles', label: 'outstanding', tone: 'blue' }]),
    },
    {
      title: 'Who takes part',
      caption: 'Distinct users who earned or redeemed miles on a day.',
      dataset: MILES,
      ...lines('event_date', [
        { column: 'users_earning', label: 'earning', tone: 'teal' },
        { column: 'users_redeeming', label: 'redeeming', tone: 'amber' },
      ]),
    },
    {
      title: 'Balances',
      caption: 'Users by what they have now; red is below zero. The outermost 1 % is left out.',
      dataset: DISTRIBUTION,
      columns: ['balance_from', 'bin_width', 'users'],
      draw: (rows) =>
        histogram({
          label: `Histogram of balances from ${textIn(rows[0]!, 'balance_from')} to ${textIn(rows.at(-1)!, 'balance_from')} miles`,
          counted: 'users',
          width: numberIn(rows[0]!, 'bin_width') ?? 1,
          bins: rows.map((row) => ({
            from: numberIn(row, 'balance_from') ?? 0,
            count: numberIn(row, 'users') ?? 0,
          })),
        }),
    },
    {
      title: 'Balances that fell below zero',
      caption: 'How many did on a day, and below the line how many came back.',
      wide: true,
      dataset: BREACHES,
      ...bars('event_date', [
        { column: 'opened', label: 'fell below zero', tone: 'red' },
        { column: 'healed', label: 'came back', tone: 'teal', below: true },
      ]),
    },
    {
      title: 'Users in the red',
      caption: 'The 20 furthest below zero.',
      wide: true,
      dataset: IN_THE_RED,
      columns: ['current_miles_balance', 'flagged_at', 'breaches', 'total_miles_earned'],
      draw: (rows) =>
        table(
          'users in the red',
          [
            { head: 'user', cell: (row) => textIn(row, 'user_id') },
            ...(
              [
                ['balance', 'current_miles_balance'],
                ['earned', 'total_miles_earned'],
                ['redeemed', 'total_miles_redeemed'],
                ['breaches', 'breaches'],
              ] as const
            ).map(([head, column]) => ({
              head,
              number: true,
              cell: (row: Readonly<Record<string, unknown>>) => exact(numberIn(row, column)),
            })),
            {
              head: 'below zero since',
              cell: (row) => moment(new Date(textIn(row, 'flagged_at'))),
            },
            { head: 'last seen', cell: (row) => longDay(textIn(row, 'last_seen_date')) },
          ],
          rows,
        ),
    },
  ],
};
