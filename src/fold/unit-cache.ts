import { Unit } from './unit.ts';

/** How many units a day has. Stored with the rows, as `bucket`, so it can never change. */
export const BUCKETS = 64;

/**
 * The states of one source that are in memory. A unit is either whole or absent. What is absent on a
 * day after `emptyAfter` has never been touched and starts empty; what is absent on or before it must
 * be loaded first.
 */
export class UnitCache {
  readonly #days = new Map<number, (Unit | undefined)[]>();
  readonly #stride: number;
  #emptyAfter: number;
  #lastDay = -Infinity;
  #lastUnits: (Unit | undefined)[] = [];

  /**
   * `stride`: facts per event. `emptyAfter`: the last day on which the source may have stored rows;
   * Infinity: any may be.
   */
  constructor(stride: number, emptyAfter: number) {
    this.#stride = stride;
    this.#emptyAfter = emptyAfter;
  }

  /** The unit, or undefined when it must be loaded first. */
  get(day: number, bucket: number): Unit | undefined {
    let units = this.#lastUnits;
    if (day !== this.#lastDay) {
      units = this.#unitsOf(day);
      this.#lastDay = day;
      this.#lastUnits = units;
    }
    return units[bucket] ?? (day > this.#emptyAfter ? this.create(day, bucket) : undefined);
  }

  /** Whether a unit can be used without loading it. */
  has(day: number, bucket: number): boolean {
    return day > this.#emptyAfter || this.#days.get(day)?.[bucket] !== undefined;
  }

  /** Puts an empty unit in its place, to be filled. */
  create(day: number, bucket: number): Unit {
    const unit = new Unit(day, bucket, this.#stride);
    this.#unitsOf(day)[bucket] = unit;
    return unit;
  }

  /** Drops whole days that no record can reach any more. */
  dropBefore(day: number): void {
    for (const held of this.#days.keys()) if (held < day) this.#drop(held);
    if (this.#lastDay < day) this.#lastDay = -Infinity;
  }

  /** Evicts the units least recently used, of those whose last change was written, down to a weight. */
  evict(target: number, written: number): void {
    let weight = this.weight;
    if (weight <= target) return;
    const units = [...this.#all()].filter((unit) => unit.usedBy <= written);
    units.sort((a, b) => a.usedBy - b.usedBy || a.day - b.day || a.bucket - b.bucket);
    for (const unit of units) {
      if (weight <= target) return;
      weight -= unit.weight;
      this.#days.get(unit.day)![unit.bucket] = undefined;
      this.#emptyAfter = Math.max(this.#emptyAfter, unit.day);
    }
  }

  get weight(): number {
    let weight = 0;
    for (const unit of this.#all()) weight += unit.weight;
    return weight;
  }

  #unitsOf(day: number): (Unit | undefined)[] {
    let units = this.#days.get(day);
    if (units === undefined) {
      units = new Array<Unit | undefined>(BUCKETS).fill(undefined);
      this.#days.set(day, units);
    }
    return units;
  }

  #drop(day: number): void {
    // Nothing should ask for the day again; whoever does must load it.
    this.#emptyAfter = Math.max(this.#emptyAfter, day);
    this.#days.delete(day);
  }

  *#all(): Generator<Unit> {
    for (const units of this.#days.values()) {
      for (const unit of units) if (unit !== undefined) yield unit;
    }
  }
}
