/** In: numbers and days as ClickHouse answers them. Out: what a person reads. What is not known is a dash. */
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const FINE = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const DAY = format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const SHORT_DAY = format({ day: 'numeric', month: 'short' });
const MONTH = format({ month: 'long', year: 'numeric' });
const SHORT_MONTH = format({ month: 'short' });
const MONTH_OF_YEAR = format({ month: 'short', year: 'numeric' });

export const UNKNOWN = '–';

/** Whole from 1,000 on, three digits below. */
export function exact(value: number | null): string {
  if (value === null) return UNKNOWN;
  return (Math.abs(value) >= 1000 || Number.isInteger(value) ? WHOLE : FINE).format(value);
}

/** `1.2K`: for axes. */
export function short(value: number): string {
  return SHORT.format(value);
}

export function percent(value: number | null): string {
  return value === null ? UNKNOWN : `${FINE.format(value)} %`;
}

/** `day` is an ISO date. */
export function longDay(day: string): string {
  return DAY.format(new Date(day));
}

export function shortDay(day: string): string {
  return SHORT_DAY.format(new Date(day));
}

export function longMonth(day: string): string {
  return MONTH.format(new Date(day));
}

/** `Sep`, or `Sep 2026` where the year has to be said. */
export function shortMonth(day: string, withYear: boolean): string {
  return (withYear ? MONTH_OF_YEAR : SHORT_MONTH).format(new Date(day));
}

/** A moment in UTC, to the second. */
export function moment(at: Date | null): string {
  return at === null ? UNKNOWN : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 min`, `2 d`: two units would promise more than an age means. */
export function age(seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  if (seconds > 0 && seconds < 1) return `${WHOLE.format(1000 * seconds)} ms`;
  if (seconds < 120) return `${FINE.format(seconds)} s`;
  if (seconds < 7200) return `${WHOLE.format(seconds / 60)} min`;
  if (seconds < 172_800) return `${WHOLE.format(seconds / 3600)} h`;
  return `${WHOLE.format(seconds / 86_400)} d`;
}

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en', { timeZone: 'UTC', ...options });
}
