/** Up to so many different keys, looking through them is faster than a map. */
const FEW = 16;

/** Compares two keys; never equal, since a tally has each key once. */
export type KeyOrder = (a: number, b: number, symbols: readonly string[]) => number;

/** How often each number occurs. */
export class Tally {
  keys: number[] = [];
  /** The count of the key at the same place. */
  counts: number[] = [];
  /** Where each key is, once there are many. */
  #places: Map<number, number> | null = null;

  /** Not to be called between `sort` and `clear`. */
  add(key: number): void {
    const place = this.#places === null ? this.keys.indexOf(key) : (this.#places.get(key) ?? -1);
    if (place !== -1) {
      this.counts[place]!++;
      return;
    }
    this.#places?.set(key, this.keys.length);
    this.keys.push(key);
    this.counts.push(1);
    if (this.keys.length === FEW) this.#places = new Map(this.keys.map((known, at) => [known, at]));
  }

  sort(order: KeyOrder, symbols: readonly string[]): void {
    const { keys, counts } = this;
    if (this.#places !== null) {
      const places = keys.map((_, place) => place);
      places.sort((a, b) => order(keys[a]!, keys[b]!, symbols));
      this.keys = places.map((place) => keys[place]!);
      this.counts = places.map((place) => counts[place]!);
      return;
    }
    for (let end = 1; end < keys.length; end++) {
      const [key, count] = [keys[end]!, counts[end]!];
      let at = end;
      for (; at > 0 && order(key, keys[at - 1]!, symbols) < 0; at--) {
        keys[at] = keys[at - 1]!;
        counts[at] = counts[at - 1]!;
      }
      keys[at] = key;
      counts[at] = count;
    }
  }

  clear(): void {
    this.keys.length = 0;
    this.counts.length = 0;
    this.#places = null;
  }
}
