/**
 * In: an event as it was sent and the rules in force. Out: the event as it is kept, or the reason
 * why it is not. Slow and plain, after definitions 1.1; nothing is shared with the product.
 */
import type { Rules } from '../../src/streams/rules.ts';
import type { SentEvent } from './log.ts';

/** A valid event with its fields normalised. */
export interface KeptEvent extends SentEvent {
  /** Days since 1970 of its calendar day in the rules' time zone. */
  readonly day: number;
}

const LAST_DAY = 65_535;

/** The reason code when the event breaks a rule. */
export function brokenRule(event: SentEvent, rules: Rules): string | undefined {
  if (event.event_id === '') return 'event_id_empty';
  if (Buffer.byteLength(event.event_id) > 128) return 'event_id_too_long';
  if (event.user_id === '') return 'user_id_empty';
  if (Buffer.byteLength(event.user_id) > 128) return 'user_id_too_long';
  const name = canonicalType(event.event_type, rules);
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) return 'event_type_malformed';
  const listed = rules.eventTypes.types.find((type) => type.name === name);
  if (listed === undefined && rules.eventTypes.closed) return 'unknown_event_type';
  if (event.event_time < rules.minEventTime) return 'time_out_of_range';
  if (localDay(event.event_time, rules.timezone) > LAST_DAY) return 'time_out_of_range';
  const miles = listed?.miles ?? 'none';
  if (miles === 'none' && event.miles_amount !== null) return 'miles_unexpected';
  if (miles !== 'none' && event.miles_amount === null) return 'miles_missing';
  if (miles !== 'none' && event.miles_amount !== null && event.miles_amount < 0) {
    return 'miles_negative';
  }
  const platform = canonicalPlatform(event.platform, rules);
  if (platform !== null && rules.platforms.closed) {
    if (!rules.platforms.platforms.some((known) => known.name === platform)) {
      return 'platform_unknown';
    }
  }
  if (event.page_url !== null && !/^[a-z]+:\/\/[^\s]+$/.test(event.page_url)) {
    return 'page_url_malformed';
  }
  return undefined;
}

export function keep(event: SentEvent, rules: Rules): KeptEvent {
  return {
    ...event,
    event_type: canonicalType(event.event_type, rules),
    platform: canonicalPlatform(event.platform, rules),
    utm_source: event.utm_source?.trim().toLowerCase() || null,
    day: localDay(event.event_time, rules.timezone),
  };
}

function canonicalType(sent: string, rules: Rules): string {
  return rules.eventTypes.types.find((type) => type.aliases.includes(sent))?.name ?? sent;
}

function canonicalPlatform(sent: string | null, rules: Rules): string | null {
  if (sent === null) return null;
  const name = sent.trim().toLowerCase();
  if (name === '') return null;
  return rules.platforms.platforms.find((known) => known.aliases.includes(name))?.name ?? name;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Days since 1970 of the calendar day that a moment (microseconds) falls on in a time zone. */
export function localDay(micros: number, timezone: string): number {
  const millis = Math.floor(micros / 1000);
  if (timezone === 'UTC') return Math.floor(millis / 86_400_000);
  let format = formats.get(timezone);
  if (format === undefined) {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    } as const;
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      ...numeric,
    });
    formats.set(timezone, format);
  }
  const [month, day, year] = format.format(millis).split('/').map(Number);
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day ?? 0) / 86_400_000;
}
