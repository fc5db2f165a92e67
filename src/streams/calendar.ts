import { zoneOffset } from './zone-offset.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;

/**
 * 2149-06-06 in microseconds since 1970: the last day that ClickHouse's Date holds, kept free for time
 * zones that are a day ahead.
 */
export const END_OF_DATES = 65_535 * DAY;
/** The times that ClickHouse's DateTime64(6) holds: from 1900 to before 2300, microseconds since 1970. */
export const FIRST_TIME = Date.UTC(1900, 0) * 1000;
export const END_OF_TIMES = Date.UTC(2300, 0) * 1000;

/** Which calendar day an instant belongs to, in one time zone. */
export class Calendar {
  /** In milliseconds. */
  readonly #zone: ((instant: number) => number) | null;
  /** Offset from UTC in microseconds of every hour seen, or null for an hour in which it changes. */
  readonly #offsets = new Map<number, number | null>();
  #lastStart = Infinity;
  #lastDay = 0;

  /** Throws a RangeError when the zone is unknown. */
  constructor(timezone: string) {
    this.#zone = zoneOffset(timezone);
  }

  /** The day of an instant (microseconds since 1970), in days since 1970-01-01. */
  day(instant: number): number {
    const zone = this.#zone;
    if (zone === null) {
      // Most events are of the same day as the one before.
      const since = instant - this.#lastStart;
      if (since >= 0 && since < DAY) return this.#lastDay;
      this.#lastDay = Math.floor(instant / DAY);
      this.#lastStart = this.#lastDay * DAY;
      return this.#lastDay;
    }
    const hour = Math.floor(instant / HOUR);
    let offset = this.#offsets.get(hour);
    if (offset === undefined) {
      const start = zone((hour * HOUR) / 1000) * 1000;
      offset = start === zone(((hour + 1) * HOUR - 1_000_000) / 1000) * 1000 ? start : null;
      if (this.#offsets.size > 100_000) this.#offsets.clear();
      this.#offsets.set(hour, offset);
    }
    return Math.floor((instant + (offset ?? zone(instant / 1000) * 1000)) / DAY);
  }
}
