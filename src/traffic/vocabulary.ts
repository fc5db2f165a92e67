/** What the people of the traffic use, where they live and come from, with how many of a hundred do. */

/** As producers spell them: the processor makes ios, android and web of all. */
export const PLATFORMS = ['ios', 'android', 'web', 'iPhone', 'Android', 'browser'] as const;
/** Shares of the first three; the others are the same in another spelling. */
export const PLATFORM_SHARES = [36, 42, 22];
/** A spelling's other form is so many positions on. */
export const OTHER_SPELLING = 3;

export const UTM_SOURCES = [
  'organic',
  'google',
  'facebook',
  'instagram',
  'tiktok',
  'referral',
  'newsletter',
  'spring_cpc',
  'Google',
] as const;
/** The last share is of those whose source nobody knows. */
export const UTM_SHARES = [26, 17, 10, 11, 9, 8, 5, 4, 2, 8];

export interface Country {
  readonly code: string;
  /** Clock ahead of UTC, in hours. */
  readonly ahead: number;
  readonly share: number;
}

export const COUNTRIES: readonly Country[] = [
  { code: 'ID', ahead: 7, share: 38 },
  { code: 'SG', ahead: 8, share: 14 },
  { code: 'MY', ahead: 8, share: 13 },
  { code: 'TH', ahead: 7, share: 11 },
  { code: 'VN', ahead: 7, share: 9 },
  { code: 'PH', ahead: 8, share: 8 },
  { code: 'DE', ahead: 1, share: 4 },
  { code: 'US', ahead: -5, share: 3 },
];

export const PLANS = ['plan-free', 'plan-plus', 'plan-family'] as const;
export const PLAN_SHARES = [78, 16, 6];
export const FEATURES = ['wish_list', 'price_alert', 'dark_mode', 'seat_map', 'split_bill', 'gift'];
export const CATEGORIES = ['purchase', 'flight', 'hotel', 'voucher', 'upgrade', 'donation'];
/** How many of them earn miles; the others cost some. */
export const EARNING_CATEGORIES = 3;
export const PAGES = ['home', 'search', 'offers', 'rewards', 'orders', 'profile'];
export const PRODUCTS = 400;

/** When people are there: shares of the hours of their day. */
export const HOUR_SHARES = [
  6, 3, 2, 1, 2, 5, 14, 26, 34, 36, 38, 42, 50, 46, 38, 36, 38, 44, 54, 66, 74, 68, 44, 19,
];
/** How likely they come, in percent of the best day: from Sunday to Saturday. */
export const WEEKDAY_PERCENT = [92, 74, 70, 71, 76, 90, 100];
