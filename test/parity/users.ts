/** Users and their miles, word by word as they are defined. In: the events of one user. Out: their row in each table. */
import { byTime, dateOfDay, dayOf, timeText } from './user-day.ts';
import type { PlainEvent } from './user-day.ts';

export interface UserEvent extends PlainEvent {
  readonly country: string | null;
}

const dateOn = (micros: number) => dateOfDay(dayOf(micros));

/** What definitions say of a user, from the events themselves. */
export function dimUser(
  events: readonly UserEvent[],
  inactive: readonly string[],
): Record<string, unknown> {
  const sorted = events.toSorted(byTime);
  const first = sorted[0]!;
  const last = sorted.at(-1)!;
  const earned = sorted.filter(({ delta }) => delta > 0);
  const redeemed = sorted.filter(({ delta }) => delta < 0);
  const total = (some: readonly UserEvent[]) =>
    some.reduce((sum, { delta }) => sum + Math.abs(delta), 0);
  const ofType = (name: string) => sorted.filter(({ type }) => type === name).length;
  const active = sorted.filter(({ type }) => !inactive.includes(type));
  return {
    user_id: first.user,
    first_seen_at: timeText(first.time),
    first_seen_date: dateOn(first.time),
    last_seen_at: timeText(last.time),
    last_seen_date: dateOn(last.time),
    days_active: (Date.parse(dateOn(last.time)) - Date.parse(dateOn(first.time))) / 86_400_000,
    active_days: new Set(active.map(({ time }) => dateOn(time))).size,
    events: sorted.length,
    first_platform: first.platform,
    first_utm_source: first.utm,
    first_country: first.country,
    total_miles_earned: total(earned),
    total_miles_redeemed: total(redeemed),
    current_miles_balance: total(earned) - total(redeemed),
    has_negative_balance: total(earned) < total(redeemed),
    miles_earned_transactions: earned.length,
    miles_redeemed_transactions: redeemed.length,
    share_events: ofType('share'),
    like_events: ofType('like'),
    reward_search_events: ofType('reward_search'),
    ...NO_ATTRIBUTES,
  };
}

const NO_ATTRIBUTES = {
  created_at: null,
  creation_date: null,
  creation_platform: null,
  plan_id: null,
  city: null,
  state: null,
  country: null,
};

/** Replays the miles: when the balance fell below zero for the last time, for who is there still. */
function flaggedAt(events: readonly UserEvent[]): string | null {
  let balance = 0;
  let since: number | null = null;
  for (const { delta, time } of events.toSorted(byTime)) {
    const before = balance;
    balance += delta;
    if (before >= 0 && balance < 0) since = time;
    if (balance >= 0) since = null;
  }
  return since === null ? null : timeText(since);
}

export function negativeUser(events: readonly UserEvent[]): Record<string, unknown> {
  const user = dimUser(events, []);
  const keep = ['user_id', 'first_seen_at', 'first_seen_date', 'last_seen_at', 'last_seen_date'];
  const miles = ['total_miles_earned', 'total_miles_redeemed', 'current_miles_balance'];
  const transactions = ['miles_earned_transactions', 'miles_redeemed_transactions'];
  return {
    ...Object.fromEntries([...keep, ...miles, ...transactions].map((name) => [name, user[name]])),
    negative_amount: -Number(user['current_miles_balance']),
    flagged_at: flaggedAt(events),
  };
}
