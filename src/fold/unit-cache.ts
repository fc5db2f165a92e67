import { ByteMap } from '../decode/byte-map.ts';
import { Unit } from './unit.ts';

/** How many units a day has. Stored with the rows, as `bucket`, so it can never change. */
export const BUCKETS = 64;

/** The units of a day that are in memory, and the texts that their events name. */
interface Day {
  readonly units: (Unit | undefined)[];
  readonly symbols: ByteMap<null>;
}

/**
 * The states of one source that are in memory. A unit is either whole or absent. What is absent on a
 * day after `emptyAfter` has never been touched and starts empty; what is absent on or before it must
 * be loaded first.
 */
export class UnitCache {
  readonly #days = new Map<number, Day>();
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
    if (day !== this.#lastDay) {
      this.#lastUnits = this.#dayOf(day).units;
      this.#lastDay = day;
    }
    return (
      this.#lastUnits[bucket] ?? (day > this.#emptyAfter ? this.create(day, bucket) : undefined)
    );
  }

  /** Says that a day may have stored rows: what is absent on or before it must be loaded. */
  mayHold(day: number): void {
    this.#emptyAfter = Math.max(this.#emptyAfter, day);
  }

  /** Whether a unit can be used without loading it. */
  has(day: number, bucket: number): boolean {
    return day > this.#emptyAfter || this.#days.get(day)?.units[bucket] !== undefined;
  }

  /** Puts an empty unit in its place, to be filled. */
  create(day: number, bucket: number): Unit {
    const { units, symbols } = this.#dayOf(day);
    const unit = new Unit(day, bucket, this.#stride, symbols);
    units[bucket] = unit;
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
      this.#days.get(unit.day)!.units[unit.bucket] = undefined;
      this.#emptyAfter = Math.max(this.#emptyAfter, unit.day);
    }
  }

  get weight(): number {
    let weight = 0;
    for (const unit of this.#all()) weight += unit.weight;
    return weight;
  }

  #dayOf(day: number): Day {
    let held = this.#days.get(day);
    if (held === undefined) {
      held = {
        units: new Array<Unit | undefined>(BUCKETS).fill(undefined),
        symbols: new ByteMap(),
      };
      this.#days.set(day, held);
    }
    return held;
  }

  #drop(day: number): void {
    // Nothing should ask for the day again; whoever does must load it.
    this.#emptyAfter = Math.max(this.#emptyAfter, day);
    this.#days.delete(day);
  }

  *#all(): Generator<Unit> {
    for (const { units } of this.#days.values()) {
      for (const unit of units) if (unit !== undefined) yield unit;
    }
  }
}
