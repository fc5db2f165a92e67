/** Events in; the row of each of their user-days out, by the product's fold and by the plain model. */
import { hashBytes } from '../../src/decode/byte-map.ts';
import { BUCKETS, UnitCache } from '../../src/fold/unit-cache.ts';
import type { Unit } from '../../src/fold/unit.ts';
import type { Rules } from '../../src/streams/rules.ts';
import { AggregateBlock } from '../../src/warehouse/aggregate-block.ts';
import type { SentEvent } from '../simulation/log.ts';
import { foldUserDay } from '../simulation/model-fold.ts';
import { keep, localDay, type KeptEvent } from '../simulation/model-rules.ts';
import { binary, readNative, type Row, type Value } from '../simulation/native-reader.ts';
import { slotsOf, stream } from '../streams/app-event-samples.ts';

export interface Folded {
  /** Each user-day's row as a Native block of its own. */
  readonly blocks: ReadonlyMap<string, Buffer>;
  readonly duplicates: number;
}

export function foldEvents(events: readonly SentEvent[], rules: Rules): Folded {
  const interpreter = stream.interpreter(rules);
  const cache = new UnitCache(interpreter.stride, -Infinity);
  const touched = new Map<string, { unit: Unit; entity: number }>();
  let duplicates = 0;
  for (const sent of events) {
    const slots = slotsOf(sent);
    const broken = interpreter.check(slots);
    if (broken !== null) throw new Error(`${broken}: ${JSON.stringify(sent)}`);
    const day = localDay(sent.event_time, rules.timezone);
    const user = Buffer.from(sent.user_id);
    const hash = hashBytes(user, 0, user.length);
    const unit = cache.get(day, hash % BUCKETS)!;
    const entity = unit.entity(user, 0, user.length, hash);
    touched.set(userDay(day, sent.user_id), { unit, entity });
    const id = Buffer.from(sent.event_id);
    const added = unit.add(entity, id, 0, id.length);
    if (added === -1) {
      duplicates++;
      continue;
    }
    interpreter.reduce(slots, unit, added * unit.stride);
    unit.link(entity, added);
  }
  const block = new AggregateBlock(interpreter.rows()!, stream.entity, rules.epoch);
  const blocks = new Map<string, Buffer>();
  for (const [key, { unit, entity }] of touched) {
    block.append(unit, entity, 'topic/0');
    blocks.set(key, Buffer.concat(block.pieces()));
    block.clear();
  }
  return { blocks, duplicates };
}

export function rowOf(block: Buffer): Row {
  const [first, ...more] = readNative(block);
  if (first?.rows.length !== 1 || more.length > 0) throw new Error('not one row');
  return canonical(first.rows[0]!);
}

/** The rows that the model makes of distinct events. */
export function modelRows(events: readonly SentEvent[], rules: Rules): Map<string, Row> {
  const userDays = new Map<string, KeptEvent[]>();
  for (const sent of events) {
    const kept = keep(sent, rules);
    const key = userDay(kept.day, kept.user_id);
    userDays.set(key, [...(userDays.get(key) ?? []), kept]);
  }
  return new Map(
    [...userDays].map(([key, kept]) => {
      const { day, user_id } = kept[0]!;
      const place = { event_date: day, user_id: binary(user_id), source: 'topic/0' };
      return [key, canonical({ ...place, ...foldUserDay(kept, rules) })];
    }),
  );
}

export function userDay(day: number, user: string): string {
  return `${day} ${user}`;
}

/** Maps have no order; the bucket is no part of the definitions. */
export function canonical({ bucket: _, ...row }: Row): Row {
  const pairs = row['platform_counts'] as readonly Value[];
  const sorted = pairs.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { ...row, platform_counts: sorted };
}
