const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;

/** Which calendar day an instant belongs to, in one time zone. */
export class Calendar {
  readonly #format: Intl.DateTimeFormat | null;
  /** Offset from UTC in microseconds of every hour seen, or null for an hour in which it changes. */
  readonly #offsets = new Map<number, number | null>();
  #lastStart = Infinity;
  #lastDay = 0;

  /** Throws a RangeError when the zone is unknown. */
  constructor(timezone: string) {
    this.#format =
      timezone === 'UTC'
        ? null
        : new Intl.DateTimeFormat('en-US', {
            timeZone: timezone,
            calendar: 'gregory',
            numberingSystem: 'latn',
            hourCycle: 'h23',
            year: 'numeric',
            month: 'numeric',
            day: 'numeric',
            hour: 'numeric',
            minute: 'numeric',
            second: 'numeric',
          });
  }

  /** The day of an instant (microseconds since 1970), in days since 1970-01-01. */
  day(instant: number): number {
    if (this.#format === null) {
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
      const start = this.#offset(hour * HOUR);
      offset = start === this.#offset((hour + 1) * HOUR - 1_000_000) ? start : null;
      if (this.#offsets.size > 100_000) this.#offsets.clear();
      this.#offsets.set(hour, offset);
    }
    return Math.floor((instant + (offset ?? this.#offset(instant))) / DAY);
  }

  #offset(instant: number): number {
    const second = Math.floor(instant / 1_000_000) * 1000;
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format!.formatToParts(second)) parts[type] = value;
    const local = Date.UTC(
      Number(parts['year']),
      Number(parts['month']) - 1,
      Number(parts['day']),
      Number(parts['hour']),
      Number(parts['minute']),
      Number(parts['second']),
    );
    return (local - second) * 1000;
  }
}
