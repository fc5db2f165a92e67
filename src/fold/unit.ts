import { randomBytes } from 'node:crypto';
import { ByteMap } from '../decode/byte-map.ts';
import { packed, packId, uuidText, writeUuid } from './packed-id.ts';

/** Words per event in `#links`: owner, the four words of its id, the next older event of its entity. */
const LINK = 6;
const NEXT = 5;
/** Marks an owner whose event has a hashed id. */
const HASHED = 0x80000000 | 0;
const NONE = -1;
/** How far a late event looks for its place at once; beyond it the entity's events are sorted when read. */
const NEAR = 64;
const PROBE = randomBytes(4).readInt32LE() | 1;

/** Where the facts of a record are put: a row of numbers, the first one its time. */
export interface FactWriter {
  readonly facts: Float64Array;
  /** Texts of the day by number: stored once, dropped with the day. */
  readonly symbols: ByteMap<null>;
}

/** The events of one entity on one day, in the order of (time, id). */
export interface EntityDay {
  readonly facts: Float64Array;
  /** How many facts an event has: fact f of event e is `facts[e * stride + f]`. */
  readonly stride: number;
  /** Byte strings of the symbols by number. */
  readonly symbols: readonly string[];
  /** Event numbers; only the first `count` are meant. */
  readonly events: Int32Array;
  readonly count: number;
  /** Copies the id of an event to the start of a buffer; returns its length, at most 128. */
  copyId(event: number, into: Buffer): number;
}

/**
 * The distinct events of the entities of one bucket on one day: what is loaded and evicted together.
 *
 * An event is reduced to a row of numbers. All rows lie in a few typed arrays, so that a million of
 * them are no work for the garbage collector. Each entity's events are linked from the latest to the
 * earliest: what arrives in order is linked at once, what is a little late looks for its place, and what
 * comes in no order, as from the warehouse, is sorted once when it is read.
 */
export class Unit implements FactWriter {
  readonly day: number;
  readonly bucket: number;
  readonly stride: number;
  readonly symbols: ByteMap<null>;
  /** Number of the write that its last change belongs to. */
  usedBy = 0;
  facts: Float64Array;
  readonly #entities = new ByteMap<null>();
  /** Per entity: its latest event, how many it has, whether it is marked as changed, or to be sorted. */
  #latest = new Int32Array(8);
  #counts = new Int32Array(8);
  #changed = new Uint8Array(8);
  #unsorted = new Uint8Array(8);
  #links: Int32Array;
  /** Open addressing over the ids: event number + 1, or 0. */
  #index: Int32Array;
  #events = 0;
  /** The ids that are not UUIDs, by event. */
  readonly #otherIds = new Map<number, string>();

  /** `symbols`: those of the day, shared by its units. */
  constructor(day: number, bucket: number, stride: number, symbols: ByteMap<null>) {
    this.day = day;
    this.bucket = bucket;
    this.symbols = symbols;
    this.stride = stride;
    this.facts = new Float64Array(32 * stride);
    this.#links = new Int32Array(32 * LINK);
    this.#index = new Int32Array(64);
  }

  /** Memory held, in user-days: one per entity, and one for every four events. */
  get weight(): number {
    return this.#entities.size + this.#events / 4;
  }

  get entities(): number {
    return this.#entities.size;
  }

  /** The number of an entity, whose name has the given `hashBytes`. */
  entity(bytes: Buffer, start: number, end: number, hash: number): number {
    const known = this.#entities.find(bytes, start, end, hash);
    if (known !== -1) return known;
    const entity = this.#entities.add(bytes, start, end, hash, null);
    if (entity === this.#latest.length) this.#growEntities();
    this.#latest[entity] = NONE;
    return entity;
  }

  name(entity: number): string {
    return this.#entities.keys[entity]!;
  }

  /** How many events the entity has. */
  count(entity: number): number {
    return this.#counts[entity]!;
  }

  /** Marks the entity as changed; false if it was marked. */
  markChanged(entity: number): boolean {
    if (this.#changed[entity] === 1) return false;
    this.#changed[entity] = 1;
    return true;
  }

  unmarkChanged(entity: number): void {
    this.#changed[entity] = 0;
  }

  /**
   * Takes up the id of an event that was not seen before; -1 if it was. The event counts once `link`
   * is called for it, when its facts are written.
   */
  add(entity: number, bytes: Buffer, start: number, end: number): number {
    const owner = packId(bytes, start, end) ? entity : entity | HASHED;
    const event = this.#events;
    if (event * LINK === this.#links.length) this.#grow();
    const slot = this.#find(owner);
    if (this.#index[slot] !== 0) return -1;
    this.#index[slot] = event + 1;
    this.#events++;
    const links = this.#links;
    const at = event * LINK;
    links[at] = owner;
    links[at + 1] = packed[0]!;
    links[at + 2] = packed[1]!;
    links[at + 3] = packed[2]!;
    links[at + 4] = packed[3]!;
    if (owner < 0) this.#otherIds.set(event, bytes.toString('latin1', start, end));
    return event;
  }

  /** Puts an event, whose facts are written, in its place among those of its entity. */
  link(entity: number, event: number): void {
    const links = this.#links;
    this.#counts[entity]!++;
    let newer = NONE;
    let older = this.#latest[entity]!;
    let steps = this.#unsorted[entity] === 0 ? 0 : NEAR;
    while (older !== NONE && steps < NEAR && this.#isBefore(event, older)) {
      newer = older;
      older = links[older * LINK + NEXT]!;
      steps++;
    }
    if (steps === NEAR) {
      this.#unsorted[entity] = 1;
      newer = NONE;
      older = this.#latest[entity]!;
    }
    links[event * LINK + NEXT] = older;
    if (newer === NONE) this.#latest[entity] = event;
    else links[newer * LINK + NEXT] = event;
  }

  /** The entity's events in order. Valid until the next call. */
  read(entity: number): EntityDay {
    const count = this.#counts[entity]!;
    if (scratch.length < count) scratch = new Int32Array(count * 2);
    let event = this.#latest[entity]!;
    for (let at = count - 1; at >= 0; at--) {
      scratch[at] = event;
      event = this.#links[event * LINK + NEXT]!;
    }
    if (this.#unsorted[entity] === 1) this.#sort(entity, scratch.subarray(0, count));
    return {
      facts: this.facts,
      stride: this.stride,
      symbols: this.symbols.keys,
      events: scratch,
      count,
      copyId: (of, into) => this.#copyId(of, into),
    };
  }

  #copyId(event: number, into: Buffer): number {
    const at = event * LINK;
    const links = this.#links;
    if (links[at]! < 0) return into.write(this.#otherIds.get(event)!, 'latin1');
    return writeUuid(links[at + 1]!, links[at + 2]!, links[at + 3]!, links[at + 4]!, into);
  }

  /** Puts all events of an entity in order, in the array and in their links. */
  #sort(entity: number, events: Int32Array): void {
    events.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
    let older = NONE;
    for (const event of events) {
      this.#links[event * LINK + NEXT] = older;
      older = event;
    }
    this.#latest[entity] = older;
    this.#unsorted[entity] = 0;
  }

  #isBefore(event: number, other: number): boolean {
    const time = this.facts[event * this.stride]!;
    const otherTime = this.facts[other * this.stride]!;
    return time < otherTime || (time === otherTime && this.#id(event) < this.#id(other));
  }

  #id(event: number): string {
    const at = event * LINK;
    const links = this.#links;
    if (links[at]! < 0) return this.#otherIds.get(event)!;
    return uuidText(links[at + 1]!, links[at + 2]!, links[at + 3]!, links[at + 4]!);
  }

  /** Where the packed id of an owner is in the index, or the empty place where it belongs. */
  #find(owner: number): number {
    const [a, b, c, d] = [packed[0]!, packed[1]!, packed[2]!, packed[3]!];
    const index = this.#index;
    const links = this.#links;
    const mask = index.length - 1;
    let slot = probe(owner, a, b, c, d) & mask;
    for (; index[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (index[slot]! - 1) * LINK;
      if (
        links[at + 1] === a &&
        links[at + 2] === b &&
        links[at + 3] === c &&
        links[at + 4] === d &&
        links[at] === owner
      ) {
        return slot;
      }
    }
    return slot;
  }

  #growEntities(): void {
    this.#latest = grown(this.#latest, Int32Array);
    this.#counts = grown(this.#counts, Int32Array);
    this.#changed = grown(this.#changed, Uint8Array);
    this.#unsorted = grown(this.#unsorted, Uint8Array);
  }

  #grow(): void {
    const events = this.#events;
    const links = grown(this.#links, Int32Array);
    this.#links = links;
    this.facts = grown(this.facts, Float64Array);
    const index = new Int32Array(this.#index.length * 2);
    const mask = index.length - 1;
    for (let event = 0; event < events; event++) {
      const at = event * LINK;
      let slot =
        probe(links[at]!, links[at + 1]!, links[at + 2]!, links[at + 3]!, links[at + 4]!) & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = event + 1;
    }
    this.#index = index;
  }
}

let scratch = new Int32Array(64);

/** A copy of twice the length. */
function grown<T extends Int32Array | Uint8Array | Float64Array>(
  array: T,
  Type: new (length: number) => T,
): T {
  const longer = new Type(array.length * 2);
  longer.set(array);
  return longer;
}

function probe(owner: number, a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ PROBE, 0x85ebca6b) ^ Math.imul(b + owner, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15) ^ c, 0x27d4eb2f) ^ Math.imul(d, PROBE);
  return hash ^ (hash >>> 16);
}
