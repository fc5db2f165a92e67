/** In: a time as files write it. Out: microseconds since 1970, exactly. */
import type { LocalTime } from './local-time.ts';

export type TimeFormat = 'iso' | 'epoch_s' | 'epoch_ms' | 'epoch_us';

/** Microseconds since 1970; a bigint where a number would not be exact. */
export type Instant = number | bigint;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(?:(Z|z|UTC)|([+-])(\d\d)(?::?(\d\d))?)?$/;
const EPOCH = /^([+-]?)(\d{1,19})(?:\.(\d{1,9}))?$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** From the first of March of the year 0. */
const DAYS_BEFORE_1970 = 719_468;
const DECIMALS = { epoch_s: 6, epoch_ms: 3, epoch_us: 0 } as const;

/**
 * A date alone is midnight; a time without a zone is local time of the zone given. Digits beyond
 * microseconds are cut off. Null when it is not a time.
 */
export function parseIso(text: string, zone: LocalTime): Instant | null {
  const common = parseCommonIso(text, zone);
  if (common !== null) return common;
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction, utc, sign] = match;
  const midnight = midnightOf(Number(year), Number(month), Number(day));
  if (midnight === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return null;
  }
  const local = midnight + (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000;
  const micros = fraction === undefined ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0'));
  if (utc !== undefined) return exactly(local, micros);
  if (sign === undefined) return exactly(zone.toUtc(local), micros);
  const [, , , , , , , , , , offsetHours = 0, offsetMinutes = 0] = match;
  if (Number(offsetHours) > 18 || Number(offsetMinutes) > 59) return null;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return exactly(sign === '+' ? local - offset : local + offset, micros);
}

/**
 * `2010-12-01T08:26:00` and `2010-12-01 08:26:00`, with up to six decimals, with `Z` or without: nearly
 * all times are one of these. Null for whatever else, be it a time or not.
 */
function parseCommonIso(text: string, zone: LocalTime): Instant | null {
  const { length } = text;
  const separator = text.charCodeAt(10);
  if (length < 19 || length > 27 || (separator !== 84 && separator !== 32)) return null;
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return null;
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  const second = digits(text, 17, 19);
  if (!(hour < 24 && minute < 60 && second < 60)) return null;
  const utc = text.charCodeAt(length - 1) === 90;
  const end = utc ? length - 1 : length;
  let micros = 0;
  if (end > 19) {
    if (text.charCodeAt(19) !== 46 || end === 20 || end > 26) return null;
    micros = digits(text, 20, end) * 10 ** (26 - end);
  }
  const midnight = midnightOf(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
  if (midnight === null || Number.isNaN(micros)) return null;
  const local = midnight + (hour * 3600 + minute * 60 + second) * 1000;
  return exactly(utc ? local : zone.toUtc(local), micros);
}

/** NaN when they are not all digits. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** A count of seconds, milli- or microseconds since 1970, with a fraction or without. */
export function parseEpoch(text: string, format: Exclude<TimeFormat, 'iso'>): Instant | null {
  const match = EPOCH.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = ''] = match;
  const decimals = DECIMALS[format];
  const digits = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  const value = sign === '-' ? -digits : digits;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Milliseconds since 1970; null for a day that there is not. */
function midnightOf(year: number, month: number, day: number): number | null {
  if (!(month >= 1 && month <= 12 && day >= 1 && year >= 0)) return null;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > (month === 2 && leap ? 29 : DAYS_IN_MONTH[month - 1]!)) return null;
  // Years that begin in March have their leap day at the end.
  const shifted = month > 2 ? year : year - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return (shifted * 365 + leapDays + dayOfYear - DAYS_BEFORE_1970) * 86_400_000;
}

function exactly(milliseconds: number, micros: number): Instant {
  const value = milliseconds * 1000 + micros;
  return Number.isSafeInteger(value) ? value : BigInt(milliseconds) * 1000n + BigInt(micros);
}
