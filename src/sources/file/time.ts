/** In: a time as files write it. Out: microseconds since 1970, exactly. */
import type { LocalTime } from './local-time.ts';

export type TimeFormat = 'iso' | 'epoch_s' | 'epoch_ms' | 'epoch_us';

/** Microseconds since 1970; a bigint where a number would not be exact. */
export type Instant = number | bigint;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(?:(Z|z|UTC)|([+-])(\d\d)(?::?(\d\d))?)?$/;
const EPOCH = /^([+-]?)(\d{1,19})(?:\.(\d{1,9}))?$/;
const DECIMALS = { epoch_s: 6, epoch_ms: 3, epoch_us: 0 } as const;

/**
 * A date alone is midnight; a time without a zone is local time of the zone given. Digits beyond
 * microseconds are cut off. Null when it is not a time.
 */
export function parseIso(text: string, zone: LocalTime): Instant | null {
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

function midnightOf(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that its month does not have would have moved on into the next.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : null;
}

function exactly(milliseconds: number, micros: number): Instant {
  const value = milliseconds * 1000 + micros;
  return Number.isSafeInteger(value) ? value : BigInt(milliseconds) * 1000n + BigInt(micros);
}
