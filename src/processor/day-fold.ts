/** In: a source and a day. Out: the aggregates of that day as folded from what is stored as accepted. */
import PQueue from 'p-queue';
import { BUCKETS, UnitCache } from '../fold/unit-cache.ts';
import { Calendar } from '../streams/calendar.ts';
import type { Rules } from '../streams/rules.ts';
import type { Stream } from '../streams/stream.ts';
import { AggregateBlock } from '../warehouse/aggregate-block.ts';
import type { Store } from '../warehouse/store.ts';
import { UnitLoader } from './unit-loader.ts';

export interface FoldedDay {
  readonly rows: number;
  /** A block in ClickHouse's Native format. */
  readonly pieces: readonly Uint8Array[];
}

export interface DayFoldOptions {
  readonly stream: Stream;
  readonly rules: Rules;
  readonly store: Store;
}

/** `day`: days since 1970-01-01. By the same fold as ever; nothing is read of the aggregates. */
export async function foldDay(
  { stream, rules, store }: DayFoldOptions,
  source: string,
  day: number,
): Promise<FoldedDay> {
  const interpreter = stream.interpreter(rules);
  const rows = interpreter.rows();
  if (rows === null) throw new Error(`nothing is aggregated of ${stream.name}`);
  const cache = new UnitCache(interpreter.stride, Infinity);
  const loader = new UnitLoader({
    stream,
    source,
    interpreter,
    cache,
    calendar: new Calendar(rules.timezone),
    store,
    loads: new PQueue({ concurrency: 1 }),
    lookElsewhere: false,
    retrying: (_, read) => read(),
  });
  const buckets = new Set(Array.from({ length: BUCKETS }, (_, bucket) => bucket));
  await loader.load(new Map([[day, buckets]]), Number.MAX_SAFE_INTEGER, 0);
  const block = new AggregateBlock(rows, stream.entity, rules.epoch);
  const sourceBytes = Buffer.from(source).toString('latin1');
  for (const bucket of buckets) {
    const unit = cache.get(day, bucket)!;
    for (let entity = 0; entity < unit.entities; entity++) block.append(unit, entity, sourceBytes);
  }
  return { rows: block.rows, pieces: block.pieces() };
}
