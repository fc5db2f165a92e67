import { ByteMap } from '../decode/byte-map.ts';
import type { Folded } from '../streams/stream.ts';
import { IdSet } from './id-set.ts';

/** How many units a day has. Stored with the rows, as `bucket`, so it can never change. */
export const BUCKETS = 64;

export interface Entry<State extends Folded> {
  readonly state: State;
  /** Whether the state was changed since it was last handed out to be written. */
  changed: boolean;
}

/** The entities of one bucket on one day: what is loaded and evicted together. */
export class Unit<State extends Folded> {
  readonly day: number;
  readonly bucket: number;
  readonly entities = new ByteMap<Entry<State>>();
  readonly ids = new IdSet();
  /** Number of the write that its last change belongs to. */
  usedBy = 0;

  constructor(day: number, bucket: number) {
    this.day = day;
    this.bucket = bucket;
  }

  /** Memory held, in user-days: one per entity, and one per 32 ids. */
  get weight(): number {
    return this.entities.size + this.ids.size / 32;
  }
}

/**
 * The states of one source that are in memory. A unit is either whole or absent. What is absent on a
 * day after `emptyAfter` has never been touched and starts empty; what is absent on or before it must
 * be loaded first.
 */
export class UnitCache<State extends Folded> {
  readonly #days = new Map<number, (Unit<State> | undefined)[]>();
  #emptyAfter: number;
  #lastDay = -Infinity;
  #lastUnits: (Unit<State> | undefined)[] = [];

  /** `emptyAfter`: the last day on which the source may have stored rows; Infinity: any may be. */
  constructor(emptyAfter: number) {
    this.#emptyAfter = emptyAfter;
  }

  /** The unit, or undefined when it must be loaded first. */
  get(day: number, bucket: number): Unit<State> | undefined {
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
  create(day: number, bucket: number): Unit<State> {
    const unit = new Unit<State>(day, bucket);
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

  #unitsOf(day: number): (Unit<State> | undefined)[] {
    let units = this.#days.get(day);
    if (units === undefined) {
      units = new Array<Unit<State> | undefined>(BUCKETS).fill(undefined);
      this.#days.set(day, units);
    }
    return units;
  }

  #drop(day: number): void {
    // Nothing should ask for the day again; whoever does must load it.
    this.#emptyAfter = Math.max(this.#emptyAfter, day);
    this.#days.delete(day);
  }

  *#all(): Generator<Unit<State>> {
    for (const units of this.#days.values()) {
      for (const unit of units) if (unit !== undefined) yield unit;
    }
  }
}
