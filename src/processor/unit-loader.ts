import type PQueue from 'p-queue';
import { hashBytes } from '../decode/byte-map.ts';
import { RowBinaryReader } from '../decode/row-binary.ts';
import { Slots } from '../decode/slots.ts';
import type { Unit } from '../fold/unit.ts';
import { BUCKETS, type UnitCache } from '../fold/unit-cache.ts';
import type { Calendar } from '../streams/calendar.ts';
import type { Interpreter, Stream } from '../streams/stream.ts';
import type { AcceptedQuery, Store } from '../warehouse/store.ts';

export interface UnitLoaderOptions {
  readonly stream: Stream;
  readonly source: string;
  readonly interpreter: Interpreter;
  readonly cache: UnitCache;
  readonly calendar: Calendar;
  readonly store: Store;
  /** Bounds how many loads run at once in the process. */
  readonly loads: PQueue;
  /** Whether ids that other sources have accepted count as seen. */
  readonly lookElsewhere: boolean;
  /** Resolves when what is loaded of these days may be read; called before each load. */
  readonly ready?: (days: readonly number[]) => Promise<void>;
  /** Wraps each read, to try it again. */
  readonly retrying: <T>(operation: string, read: () => Promise<T>) => Promise<T>;
}

/**
 * How many days one question asks for. A file in the order of its users touches hundreds at once, and each
 * question takes milliseconds however little it brings.
 */
const DAYS_AT_ONCE = 64;

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
    const days = [...units];
    await this.#options.ready?.(days.map(([day]) => day));
    const loads = [];
    for (let at = 0; at < days.length; at += DAYS_AT_ONCE) {
      const some = new Map(days.slice(at, at + DAYS_AT_ONCE));
      loads.push(() => this.#loadDays(some, before, write));
    }
    const loaded = await this.#options.loads.addAll(loads);
    return loaded.reduce((sum, entityDays) => sum + entityDays, 0);
  }

  async #loadDays(
    units: ReadonlyMap<number, ReadonlySet<number>>,
    before: number,
    write: number,
  ): Promise<number> {
    const { stream, source, store, retrying, lookElsewhere, cache } = this.#options;
    const query: AcceptedQuery = {
      table: stream.tables.accepted,
      source,
      days: [...units.keys()],
      // Of some days this may be more than is wanted: it is passed over.
      buckets: [...new Set([...units.values()].flatMap((buckets) => [...buckets]))],
      before,
      columns: stream.foldFields,
    };
    const names = [stream.entity, stream.id, stream.time];
    const [own, elsewhere] = await Promise.all([
      retrying('load', () => store.readAccepted(query)),
      lookElsewhere
        ? retrying('load_elsewhere', () =>
            store.readAcceptedElsewhere({ ...query, columns: names }),
          )
        : null,
    ]);
    const created = new Map<number, Map<number, Unit>>();
    for (const [day, buckets] of units) {
      const made = [...buckets].map((bucket) => [bucket, cache.create(day, bucket)] as const);
      created.set(day, new Map(made));
    }
    this.#fold(own, stream.foldFields, created, true);
    if (elsewhere !== null) this.#fold(elsewhere, names, created, false);
    let entityDays = 0;
    for (const unit of [...created.values()].flatMap((made) => [...made.values()])) {
      unit.usedBy = write;
      entityDays += unit.entities;
    }
    return entityDays;
  }

  #fold(
    rows: Buffer,
    columns: readonly string[],
    units: ReadonlyMap<number, ReadonlyMap<number, Unit>>,
    own: boolean,
  ): void {
    const { stream, interpreter, calendar } = this.#options;
    const { stored } = stream;
    const slots = new Slots(stored.fields.length);
    const [entity, id, time] = [stream.entity, stream.id, stream.time].map(stored.index) as [
      number,
      number,
      number,
    ];
    const reader = new RowBinaryReader(stored, columns, rows);
    while (reader.next(slots)) {
      const hash = hashBytes(rows, slots.start[entity]!, slots.end[entity]!);
      const unit = units.get(calendar.day(slots.number[time]!))?.get(hash % BUCKETS);
      if (unit === undefined) continue;
      const number = unit.entity(rows, slots.start[entity]!, slots.end[entity]!, hash);
      const event = unit.add(number, rows, slots.start[id]!, slots.end[id]!);
      if (event === -1 || !own) continue;
      interpreter.reduce(slots, unit, event * unit.stride);
      unit.link(number, event);
    }
  }
}
