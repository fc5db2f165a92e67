/**
 * Where batches are in the file of a log: not each, but one in every few kilobytes, from which the
 * others are found by their headers. In: batches in the order of the log. Out: places to look from.
 */
export interface LogPlace {
  /** Of the first record of a batch. */
  readonly offset: number;
  /** Of its first byte in the file. */
  readonly position: number;
  /** When it was appended, milliseconds since 1970; never goes back. */
  readonly time: number;
}

const BEGINNING: LogPlace = { offset: 0, position: 0, time: 0 };

export class LogIndex {
  /** No two places are nearer to each other. */
  static readonly SPACING_BYTES = 4096;
  readonly #places: LogPlace[] = [];

  add(place: LogPlace): void {
    const last = this.#places.at(-1);
    if (last !== undefined && place.position - last.position < LogIndex.SPACING_BYTES) return;
    this.#places.push(place);
  }

  /** The last place whose offset or time is below a value; the beginning of the log when none is. */
  before(value: number, by: 'offset' | 'time'): LogPlace {
    return this.#lastWhere((place) => place[by] < value);
  }

  /** The last known beginning of a batch that is not beyond a position of the file. */
  lastPositionUpTo(position: number): number {
    return this.#lastWhere((place) => place.position <= position).position;
  }

  /** `holds` is true for the first places and false for all others. */
  #lastWhere(holds: (place: LogPlace) => boolean): LogPlace {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#places[middle]!)) low = middle + 1;
      else high = middle;
    }
    return this.#places[low - 1] ?? BEGINNING;
  }
}
