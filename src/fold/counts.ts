/** Something that is counted; `order` is its byte string, by which counts are kept sorted. */
export interface Countable {
  readonly order: string;
}

/**
 * How often each key occurred, sorted by key, so that the same set of events always gives the same
 * map. Keys are compared by identity first: there must be one object per key.
 */
export class Counts<K extends Countable> {
  readonly keys: K[] = [];
  readonly counts: number[] = [];

  add(key: K, by = 1): void {
    const { keys, counts } = this;
    let at = keys.length <= 8 ? keys.indexOf(key) : -1;
    if (at === -1) {
      at = this.#position(key.order);
      if (keys[at] !== key) {
        keys.splice(at, 0, key);
        counts.splice(at, 0, by);
        return;
      }
    }
    counts[at]! += by;
  }

  addAll(other: Counts<K>): void {
    for (let at = 0; at < other.keys.length; at++) this.add(other.keys[at]!, other.counts[at]);
  }

  #position(order: string): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keys[middle]!.order < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
