const DAY = 86_400_000;
const REMEMBERED_DAYS = 20_000;

/**
 * What the clocks on the wall of one time zone mean. A time that they show twice is taken as the first
 * of the two; one that they skip is taken as if they had not.
 */
export class LocalTime {
  readonly #format: Intl.DateTimeFormat | null;
  /** By local day: the zone's offset in milliseconds, or null for a day around which it changes. */
  readonly #offsets = new Map<number, number | null>();

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
            era: 'short',
            year: 'numeric',
            month: 'numeric',
            day: 'numeric',
            hour: 'numeric',
            minute: 'numeric',
            second: 'numeric',
          });
  }

  /** Milliseconds since 1970 of a local time that is given as if it were UTC. */
  toUtc(local: number): number {
    if (this.#format === null) return local;
    const day = Math.floor(local / DAY);
    let offset = this.#offsets.get(day);
    if (offset === undefined) {
      const before = this.#offset((day - 1) * DAY);
      offset = before === this.#offset((day + 2) * DAY) ? before : null;
      if (this.#offsets.size >= REMEMBERED_DAYS) this.#offsets.clear();
      this.#offsets.set(day, offset);
    }
    return local - (offset ?? this.#offsetAround(local));
  }

  #offsetAround(local: number): number {
    const before = this.#offset(local - DAY);
    if (this.#offset(local - before) === before) return before;
    const after = this.#offset(local + DAY);
    return this.#offset(local - after) === after ? after : before;
  }

  #offset(instant: number): number {
    const second = Math.floor(instant / 1000) * 1000;
    const parts: Record<string, string> = {};
    for (const { type, value } of this.#format!.formatToParts(second)) parts[type] = value;
    const year = Number(parts['year']);
    const local = new Date(0);
    local.setUTCFullYear(
      parts['era'] === 'BC' ? 1 - year : year,
      Number(parts['month']) - 1,
      Number(parts['day']),
    );
    local.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
    return local.getTime() - second;
  }
}
