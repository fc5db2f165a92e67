/** In: draws. Out: a user: since when, how faithful, from where, with what. */
import type { Random } from './random.ts';
import {
  COUNTRIES,
  OTHER_SPELLING,
  PLANS,
  PLAN_SHARES,
  PLATFORM_SHARES,
  UTM_SHARES,
  WEEKDAY_PERCENT,
} from './vocabulary.ts';
import { NONE } from './event-columns.ts';

/** The calendar days (UTC) over which traffic spreads, in days since 1970. */
export interface Window {
  readonly firstDay: number;
  readonly lastDay: number;
}

export type Faithfulness = 'passing' | 'casual' | 'regular' | 'power';

export interface Person {
  /** Days since 1970; may be before the window. */
  readonly signUpDay: number;
  readonly faithfulness: Faithfulness;
  /** The days without a visit of somebody who comes back after them, both included; or null. */
  readonly away: { readonly from: number; readonly to: number } | null;
  /** Redeems more than there is when nobody stops it. */
  readonly overdraws: boolean;
  /** Position in COUNTRIES. */
  readonly country: number;
  readonly platform: number;
  /** Used now and then; the same as the first for most. */
  readonly otherPlatform: number;
  readonly utmSource: number;
  /** Position in PLANS. */
  readonly plan: number;
  /** Sends ids in upper case, as Apple's libraries do. */
  readonly upperCaseIds: boolean;
}

const FAITHFULNESS: readonly Faithfulness[] = ['passing', 'casual', 'regular', 'power'];
const FAITHFULNESS_SHARES = [24, 46, 22, 8];
const COUNTRY_SHARES = COUNTRIES.map(({ share }) => share);
/** Per thousand: were there before the window. */
const VETERANS = 420;
const COMING_BACK = 140;
const OVERDRAWING = 35;

export function person(random: Random, window: Window): Person {
  const veteran = random.permille(VETERANS);
  const signUpDay = veteran
    ? // Half of them came in the last two months before.
      window.firstDay - (random.permille(500) ? random.between(1, 60) : random.between(61, 500))
    : growingDay(random, window);
  const faithfulness = FAITHFULNESS[random.weighted(FAITHFULNESS_SHARES)]!;
  const platform = random.weighted(PLATFORM_SHARES);
  const otherSpelling = random.permille(60);
  const utm = random.weighted(UTM_SHARES);
  return {
    signUpDay,
    faithfulness,
    away: random.permille(COMING_BACK)
      ? absence(random, Math.max(signUpDay, window.firstDay))
      : null,
    overdraws: random.permille(OVERDRAWING),
    country: random.weighted(COUNTRY_SHARES),
    platform: otherSpelling ? platform + OTHER_SPELLING : platform,
    otherPlatform: random.permille(180) ? random.weighted(PLATFORM_SHARES) : platform,
    utmSource: utm === UTM_SHARES.length - 1 ? NONE : utm,
    plan: random.weighted(PLAN_SHARES.slice(0, PLANS.length)),
    upperCaseIds: platform === 0 && random.permille(40),
  };
}

/** At the end of the window twice as many sign up a day as at its beginning, most at week-ends. */
function growingDay(random: Random, { firstDay, lastDay }: Window): number {
  const days = lastDay - firstDay + 1;
  for (;;) {
    const at = random.below(days);
    const growth = days + at;
    if (random.below(2 * days * 100) < growth * weekdayPercent(firstDay + at)) return firstDay + at;
  }
}

export function weekdayPercent(day: number): number {
  // 1970-01-01 was a Thursday.
  return WEEKDAY_PERCENT[(((day + 4) % 7) + 7) % 7]!;
}

function absence(random: Random, since: number): { from: number; to: number } {
  const from = since + random.between(2, 9);
  return { from, to: from + random.between(3, 24) };
}
