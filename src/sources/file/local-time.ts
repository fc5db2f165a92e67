import { zoneOffset } from '../../streams/zone-offset.ts';

const DAY = 86_400_000;
const REMEMBERED_DAYS = 20_000;

/**
 * What the clocks on the wall of one time zone mean. A time that they show twice is taken as the first
 * of the two; one that they skip is taken as if they had not.
 */
export class LocalTime {
  readonly #zone: ((instant: number) => number) | null;
  /** By local day: the zone's offset in milliseconds, or null for a day around which it changes. */
  readonly #offsets = new Map<number, number | null>();

  /** Throws a RangeError when the zone is unknown. */
  constructor(timezone: string) {
    this.#zone = zoneOffset(timezone);
  }

  /** Milliseconds since 1970 of a local time that is given as if it were UTC. */
  toUtc(local: number): number {
    const zone = this.#zone;
    if (zone === null) return local;
    const day = Math.floor(local / DAY);
    let offset = this.#offsets.get(day);
    if (offset === undefined) {
      const before = zone((day - 1) * DAY);
      offset = before === zone((day + 2) * DAY) ? before : null;
      if (this.#offsets.size >= REMEMBERED_DAYS) this.#offsets.clear();
      this.#offsets.set(day, offset);
    }
    return local - (offset ?? offsetAround(local, zone));
  }
}

function offsetAround(local: number, zone: (instant: number) => number): number {
  const before = zone(local - DAY);
  if (zone(local - before) === before) return before;
  const after = zone(local + DAY);
  return zone(local - after) === after ? after : before;
}
