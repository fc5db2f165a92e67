/** What was earned and spent, who has how much, and who spent more than they had. */
import { histogram } from '../charts/histogram.ts';
import { numberIn, textIn } from '../dataset.ts';
import { MILES, BALANCES, DISTRIBUTION, BREACHES, IN_THE_RED } from '../datasets/miles.ts';
import { exact, longDay, moment, short } from '../numbers.ts';
import type { Page } from '../page.ts';
import { table } from '../table.ts';
import { bars, lines } from '../time-figure.ts';

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
