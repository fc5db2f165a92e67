/** In: distinct events. Out: their user-days in plain arrays, to compare a warehouse's rows with. */

export interface UserDayRow {
  readonly user: string;
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly events: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Microseconds since 1970. */
  readonly first: number;
  readonly last: number;
  readonly milesEarned: number;
  readonly milesRedeemed: number;
}

export class UserDays {
  readonly #firstDay: number;
  readonly #days: number;
  readonly #types: readonly string[];
  readonly #events: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;
  readonly #earned: Float64Array;
  readonly #redeemed: Float64Array;
  readonly #userByName = new Map<string, number>();

  constructor(users: number, firstDay: number, days: number, types: readonly string[]) {
    const size = users * days;
    this.#firstDay = firstDay;
    this.#days = days;
    this.#types = types;
    this.#events = new Uint32Array(size);
    this.#counts = new Uint32Array(size * types.length);
    this.#first = new Float64Array(size).fill(Infinity);
    this.#last = new Float64Array(size).fill(-Infinity);
    this.#earned = new Float64Array(size);
    this.#redeemed = new Float64Array(size);
  }

  /** `time` in microseconds since 1970; `sign` says whether `miles` are earned (1) or redeemed (−1). */
  add(user: number, time: number, type: number, sign: 1 | -1, miles: number): void {
    const at = user * this.#days + Math.floor(time / 86_400_000_000) - this.#firstDay;
    this.#events[at]!++;
    this.#counts[at * this.#types.length + type]!++;
    this.#first[at] = Math.min(this.#first[at]!, time);
    this.#last[at] = Math.max(this.#last[at]!, time);
    const total = sign === 1 ? this.#earned : this.#redeemed;
    total[at]! += miles;
  }

  /** Says what the users of `add` are called. */
  name(users: readonly string[]): void {
    for (const [number, name] of users.entries()) this.#userByName.set(name, number);
  }

  get size(): number {
    return this.#events.reduce((rows, events) => rows + (events > 0 ? 1 : 0), 0);
  }

  get events(): number {
    return this.#events.reduce((sum, events) => sum + events, 0);
  }

  /** How many rows differ, are missing or are too many. */
  differences(rows: Iterable<UserDayRow>): number {
    let wrong = 0;
    let right = 0;
    for (const row of rows) {
      if (this.#equals(row)) right++;
      else wrong++;
    }
    return Math.max(wrong, this.size - right);
  }

  #equals(row: UserDayRow): boolean {
    const user = this.#userByName.get(row.user);
    if (user === undefined) return false;
    const at = user * this.#days + row.day - this.#firstDay;
    return (
      this.#events[at] === row.events &&
      this.#first[at] === row.first &&
      this.#last[at] === row.last &&
      this.#earned[at] === row.milesEarned &&
      this.#redeemed[at] === row.milesRedeemed &&
      this.#types.every(
        (type, i) => this.#counts[at * this.#types.length + i] === (row.counts[type] ?? 0),
      )
    );
  }
}
