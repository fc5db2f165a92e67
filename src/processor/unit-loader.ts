import type PQueue from 'p-queue';
import { hashBytes } from '../decode/byte-map.ts';
import { RowBinaryReader } from '../decode/row-binary.ts';
import { Slots } from '../decode/slots.ts';
import type { Unit } from '../fold/unit.ts';
import { BUCKETS, type UnitCache } from '../fold/unit-cache.ts';
import type { Interpreter, Stream } from '../streams/stream.ts';
import type { AcceptedQuery, Store } from '../warehouse/store.ts';

export interface UnitLoaderOptions {
  readonly stream: Stream;
  readonly source: string;
  readonly interpreter: Interpreter;
  readonly cache: UnitCache;
  readonly store: Store;
  /** Bounds how many loads run at once in the process. */
  readonly loads: PQueue;
  /** Whether ids that other sources have accepted count as seen. */
  readonly lookElsewhere: boolean;
  /** Wraps each read, to try it again. */
  readonly retrying: <T>(operation: string, read: () => Promise<T>) => Promise<T>;
}

/**
 * Brings absent units back: from the rows that their source has accepted, by the same fold that made
 * them the first time. There is no stored state that could drift from it.
 */
export class UnitLoader {
  readonly #options: UnitLoaderOptions;

  constructor(options: UnitLoaderOptions) {
    this.#options = options;
  }

  /**
   * Loads units, given as buckets by day, with what was accepted before an offset; all of that must be
   * stored. `write` is the number of the write that keeps them from being evicted at once. Returns the
   * number of entity-days loaded.
   */
  async load(
    units: ReadonlyMap<number, ReadonlySet<number>>,
    before: number,
    write: number,
  ): Promise<number> {
    const days = [...units].map(
      ([day, buckets]) =>
        () =>
          this.#loadDay(day, [...buckets], before, write),
    );
    const loaded = await this.#options.loads.addAll(days);
    return loaded.reduce((sum, entityDays) => sum + entityDays, 0);
  }

  async #loadDay(day: number, buckets: number[], before: number, write: number): Promise<number> {
    const { stream, source, store, retrying, lookElsewhere, cache } = this.#options;
    const query: AcceptedQuery = {
      table: stream.tables.accepted,
      source,
      day,
      buckets,
      before,
      columns: stream.foldFields,
    };
    const [own, elsewhere] = await Promise.all([
      retrying('load', () => store.readAccepted(query)),
      lookElsewhere
        ? retrying('load_elsewhere', () =>
            store.readAcceptedElsewhere({ ...query, columns: [stream.entity, stream.id] }),
          )
        : null,
    ]);
    const created = new Map(buckets.map((bucket) => [bucket, cache.create(day, bucket)]));
    for (const unit of created.values()) unit.usedBy = write;
    this.#fold(own, stream.foldFields, created, true);
    if (elsewhere !== null) this.#fold(elsewhere, [stream.entity, stream.id], created, false);
    return [...created.values()].reduce((sum, unit) => sum + unit.entities, 0);
  }

  #fold(
    rows: Buffer,
    columns: readonly string[],
    units: ReadonlyMap<number, Unit>,
    own: boolean,
  ): void {
    const { stream, interpreter } = this.#options;
    const { stored } = stream;
    const slots = new Slots(stored.fields.length);
    const [entity, id] = [stored.index(stream.entity), stored.index(stream.id)];
    const reader = new RowBinaryReader(stored, columns, rows);
    while (reader.next(slots)) {
      const hash = hashBytes(rows, slots.start[entity]!, slots.end[entity]!);
      const unit = units.get(hash % BUCKETS);
      if (unit === undefined)
        throw new Error(`a row of ${stream.tables.accepted} is in a bucket that is not its own`);
      const number = unit.entity(rows, slots.start[entity]!, slots.end[entity]!, hash);
      const event = unit.add(number, rows, slots.start[id]!, slots.end[id]!);
      if (event === -1 || !own) continue;
      interpreter.reduce(slots, unit, event * unit.stride);
      unit.link(number, event);
    }
  }
}
