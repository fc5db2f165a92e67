/**
 * In: what happened. Out: what producers make of it: the order in which it is sent, what is sent again,
 * late, from the future or broken.
 */
import { DAMAGES } from './damage.ts';
import type { EventColumns } from './event-columns.ts';
import type { Random } from './random.ts';

/** Shares of all records, from 0 to 0.5 each. */
export interface DefectRates {
  /** Sent again, at once or much later. */
  readonly duplicates: number;
  /** Further behind the watermark than the lookback allows. */
  readonly late: number;
  /** From a clock that is years ahead. */
  readonly future: number;
  /** Broken in one of the ways of `DAMAGES`. */
  readonly invalid: number;
  /** Held back by the producer, within the lookback. */
  readonly outOfOrder: number;
}

export const DEFAULT_RATES: DefectRates = {
  duplicates: 0.01,
  late: 0.004,
  future: 0.001,
  invalid: 0.002,
  outOfOrder: 0.05,
};

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
/** Beyond what any lag of a producer or of `--until` makes up for, and before the end of ClickHouse's dates. */
const YEARS_AHEAD = { from: 20, to: 60 };
/** Late enough for a lookback that has no end: it makes nothing late. */
const FALLBACK_LOOKBACK_DAYS = 2;

export const SOUND = 0;
export const LATE = 1;
export const FUTURE = 2;
/** The first of `DAMAGES`; the others follow. */
export const BROKEN = 3;

export interface DefectOptions {
  readonly columns: EventColumns;
  readonly rates: DefectRates;
  /** Of the whole log, what is sent again included. */
  readonly records: number;
  readonly lookbackDays: number;
  readonly until: number;
  /** Whether a user was there long before: only these are late, so that nobody acts before signing up. */
  readonly isVeteran: (user: number) => boolean;
  readonly random: Random;
}

export interface Sending {
  /** SOUND, LATE, FUTURE or BROKEN and above, by event. */
  readonly defects: Uint8Array;
  /** Number of the event of each record in the order of sending; those of `repeats` come twice. */
  readonly order: Uint32Array;
  readonly records: number;
}

/** Changes the times of late and future events in the columns. */
export function sendingOf(options: DefectOptions): Sending {
  const { columns, rates, records, until, random } = options;
  const events = columns.length;
  const lookbackDays = Number.isFinite(options.lookbackDays)
    ? options.lookbackDays
    : FALLBACK_LOOKBACK_DAYS;
  const defects = new Uint8Array(events);
  const sentAt = columns.time.slice(0, records);
  const mark = (rate: number, wanted: (event: number) => boolean, act: (event: number) => void) => {
    // Who is wanted may be rare: then the others have to do.
    for (let left = Math.round(rate * records), tries = 0; left > 0; tries++) {
      if (tries > 200 * records) return;
      const event = random.below(events);
      if (defects[event] !== SOUND || (tries < 20 * records && !wanted(event))) continue;
      act(event);
      left--;
    }
  };
  const anybody = () => true;
  let damage = 0;
  mark(rates.invalid, anybody, (event) => {
    defects[event] = BROKEN + (damage++ % DAMAGES.length);
  });
  mark(rates.future, anybody, (event) => {
    defects[event] = FUTURE;
    const years = random.between(YEARS_AHEAD.from, YEARS_AHEAD.to);
    columns.time[event]! += years * 365 * DAY;
  });
  mark(
    rates.late,
    (event) => options.isVeteran(columns.user[event]!),
    (event) => {
      defects[event] = LATE;
      const hours = (lookbackDays + 1) * 24 + random.between(12, 240);
      columns.time[event]! -= hours * HOUR;
    },
  );
  const held = Math.max(1, lookbackDays * 24 - 2) * HOUR;
  for (let i = Math.round(rates.outOfOrder * records); i > 0; i--) {
    const event = random.below(events);
    if (defects[event] !== SOUND) continue;
    // Most for minutes, some for as long as it may be.
    const most = random.permille(800) ? Math.min(held, HOUR / 2) : held;
    sentAt[event] = later(columns.time[event]!, most);
  }
  const repeated = new Uint32Array(records - events);
  for (let i = 0, tries = 0; i < repeated.length;) {
    const event = random.below(events);
    // Among a few records there may be no sound one.
    if (defects[event] !== SOUND && tries++ < 100 * records) continue;
    const kind = random.below(100);
    const most = kind < 70 ? 20 * SECOND : kind < 90 ? 6 * HOUR : (lookbackDays + 4) * DAY;
    sentAt[events + i] = later(sentAt[event]!, most);
    repeated[i++] = event;
  }
  const order = inOrder(sentAt).map((entry) =>
    entry < events ? entry : repeated[entry - events]!,
  );
  return { defects, order, records };

  /** Between a time and so much later, and never after the end. */
  function later(time: number, most: number): number {
    const seconds = Math.floor(Math.min(most, until - time) / SECOND);
    return seconds <= 0 ? time : time + random.between(1, seconds) * SECOND;
  }
}

/** The positions by value; of equal ones, the first first. */
function inOrder(values: Float64Array): Uint32Array {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  // Value and position in one number: numbers alone are sorted many times faster.
  let places = 2;
  while (places < values.length) places *= 2;
  const ticks = Math.min(most - least, 2 ** 53 / places - 1);
  const scale = most === least ? 0 : ticks / (most - least);
  const keys = values.map((value, at) => Math.floor((value - least) * scale) * places + at);
  return Uint32Array.from(keys.sort(), (key) => key % places);
}
