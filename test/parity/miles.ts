/**
 * What users do with miles and what drives growth, word by word as it is defined. In: distinct accepted
 * events. Out: the rows that each table must have.
 */
import { daysOf, mean, orUnknown, percent } from './growth.ts';
import type { Row, World } from './growth.ts';
import { byTime, dateOfDay, dayOf, groupBy, sum, timeText } from './user-day.ts';
import type { PlainEvent } from './user-day.ts';

const users = (events: readonly PlainEvent[]) => new Set(events.map(({ user }) => user)).size;
const earned = (events: readonly PlainEvent[]) => events.filter(({ delta }) => delta > 0);
const redeemed = (events: readonly PlainEvent[]) => events.filter(({ delta }) => delta < 0);
const total = (events: readonly PlainEvent[]) => sum(events.map(({ delta }) => Math.abs(delta)));

export function milesAnalytics(world: World): Row[] {
  const { days, complete } = daysOf(world);
  const amounts: { earned: number; redeemed: number }[] = [];
  return days.map(({ at }, index) => {
    const today = world.events.filter(({ time }) => dayOf(time) === at);
    const soFar = world.events.filter(({ time }) => dayOf(time) <= at);
    const amount = { earned: total(earned(today)), redeemed: total(redeemed(today)) };
    amounts.push(amount);
    const week = amounts.slice(Math.max(0, index - 6));
    return {
      event_date: dateOfDay(at),
      daily_miles_earned: amount.earned,
      daily_miles_redeemed: amount.redeemed,
      net_miles_change: amount.earned - amount.redeemed,
      users_earning: users(earned(today)),
      users_redeeming: users(redeemed(today)),
      earning_transactions: earned(today).length,
      redeeming_transactions: redeemed(today).length,
      cumulative_miles_earned: total(earned(soFar)),
      cumulative_miles_redeemed: total(redeemed(soFar)),
      avg_7d_miles_earned: mean(week.map((day) => day.earned)),
      avg_7d_miles_redeemed: mean(week.map((day) => day.redeemed)),
      is_complete: complete(at),
    };
  });
}

export function growthDrivers(world: World): Row[] {
  const { days, first, complete } = daysOf(world);
  const earlier: { miles: number; social: number }[] = [];
  // Where a day came by several sources, only those count by which the user was active.
  const firstEvents = new Map<string, PlainEvent>();
  const bySource = groupBy(world.events, (e) => `${e.user} ${dayOf(e.time)} ${e.source}`);
  for (const those of bySource.values()) {
    const start = those.toSorted(byTime)[0];
    if (start === undefined || !those.some(({ type }) => world.isActive(type))) continue;
    const key = `${start.user} ${dayOf(start.time)}`;
    const other = firstEvents.get(key);
    if (other === undefined || byTime(start, other) < 0) firstEvents.set(key, start);
  }
  return days.map(({ at, active }, index) => {
    const dau = active.size;
    const today = world.events.filter(
      ({ time, type }) => dayOf(time) === at && world.isActive(type),
    );
    const ofType = (type: string) => today.filter((event) => event.type === type);
    const [shares, likes, searches] = [ofType('share'), ofType('like'), ofType('reward_search')];
    const [gained, spent] = [total(earned(today)), total(redeemed(today))];
    earlier.push({ miles: gained, social: shares.length + likes.length });
    const week = earlier.slice(Math.max(0, index - 6));
    const share = (events: readonly PlainEvent[]) => percent(users(events), dau);
    const newcomers = [...active].filter((user) => first.get(user) === at);
    const ofChannel = (channel: string) =>
      newcomers.filter(
        (user) => world.channelOf(firstEvents.get(`${user} ${at}`)?.utm ?? null) === channel,
      ).length;
    const platforms = ['ios', 'android', 'web'].flatMap((platform): [string, unknown][] => {
      const there = today.filter((event) => event.platform === platform);
      const count = users(there);
      return [
        [`${platform}_users`, count],
        [`${platform}_user_pct`, percent(count, dau)],
        [`${platform}_events_per_user`, count === 0 ? null : there.length / count],
      ];
    });
    return {
      event_date: dateOfDay(at),
      daily_active_users: dau,
      total_daily_events: today.length,
      daily_miles_earned: gained,
      daily_miles_redeemed: spent,
      net_miles_change: gained - spent,
      users_earning_miles: users(earned(today)),
      users_redeeming_miles: users(redeemed(today)),
      miles_earning_events: earned(today).length,
      miles_redemption_events: redeemed(today).length,
      miles_earn_redeem_ratio: spent === 0 ? null : gained / spent,
      earning_user_pct: share(earned(today)),
      redeeming_user_pct: share(redeemed(today)),
      daily_shares: shares.length,
      daily_likes: likes.length,
      daily_searches: searches.length,
      users_sharing: users(shares),
      users_liking: users(likes),
      users_searching: users(searches),
      sharing_user_pct: share(shares),
      liking_user_pct: share(likes),
      searching_user_pct: share(searches),
      ...Object.fromEntries(platforms),
      new_organic_users: ofChannel('organic'),
      new_paid_users: ofChannel('paid'),
      new_social_users: ofChannel('social'),
      new_referral_users: ofChannel('referral'),
      new_other_users: ofChannel('other'),
      total_new_users: newcomers.length,
      miles_economy_health:
        dau === 0
          ? 'Unknown'
          : gained === 0 && spent === 0
            ? 'No Activity'
            : gained * 10 > spent * 12
              ? 'Healthy Growth'
              : gained > spent
                ? 'Stable'
                : spent * 10 > gained * 12
                  ? 'High Redemption'
                  : 'Balanced',
      social_engagement_level: orUnknown(share([...shares, ...likes]), (value) =>
        value >= 20 ? 'High Social' : value >= 10 ? 'Moderate Social' : 'Low Social',
      ),
      feature_adoption_score:
        dau === 0
          ? null
          : 0.3 * (share(earned(today)) ?? 0) +
            0.2 * (share(redeemed(today)) ?? 0) +
            0.2 * (share(shares) ?? 0) +
            0.15 * (share(likes) ?? 0) +
            0.15 * (share(searches) ?? 0),
      avg_7d_miles_earned: mean(week.map((day) => day.miles)),
      avg_7d_social_actions: mean(week.map((day) => day.social)),
      is_complete: complete(at),
    };
  });
}

/** By user, then by time. */
export function balanceBreaches({ events }: Pick<World, 'events'>): Row[] {
  const byUser = [...groupBy(events, ({ user }) => user)].sort(([a], [b]) => (a < b ? -1 : 1));
  return byUser.flatMap(([user, theirs]) => {
    let balance = 0;
    const breaches: {
      user_id: string;
      opened_at: string;
      healed_at: string | null;
      min_balance: number;
      cause_event_id: string;
      cause_event_time: string;
    }[] = [];
    for (const { delta, time, id } of theirs.toSorted(byTime)) {
      const was = balance;
      balance += delta;
      const open = breaches.at(-1);
      if (was >= 0 && balance < 0) {
        breaches.push({
          user_id: user,
          opened_at: timeText(time),
          healed_at: null,
          min_balance: balance,
          cause_event_id: id,
          cause_event_time: timeText(time),
        });
      } else if (open !== undefined && was < 0) {
        if (balance >= 0) open.healed_at = timeText(time);
        else open.min_balance = Math.min(open.min_balance, balance);
      }
    }
    return breaches;
  });
}
