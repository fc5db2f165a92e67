import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUCKETS, UnitCache } from '../../src/fold/unit-cache.ts';

const NEVER_STORED = -Infinity;

test('days after the last stored one start empty, the others must be loaded', () => {
  const cache = new UnitCache(1, 10);
  expect(cache.get(10, 0)).toBeUndefined();
  expect(cache.has(10, 0)).toBe(false);
  expect(cache.has(11, 0)).toBe(true);
  const unit = cache.get(11, 0);
  expect(unit).toMatchObject({ day: 11, bucket: 0, entities: 0 });
  expect(cache.get(11, 0)).toBe(unit);
  const loaded = cache.create(10, 0);
  expect(cache.get(10, 0)).toBe(loaded);
  expect(cache.get(10, 1)).toBeUndefined();
});

test('a source that may hold another’s rows loads whatever it touches', () => {
  const cache = new UnitCache(1, Infinity);
  expect(cache.get(100_000, 3)).toBeUndefined();
  const unit = cache.create(100_000, 3);
  expect(cache.get(100_000, 3)).toBe(unit);
});

test('nothing is evicted while it fits', () => {
  const cache = filled([1, 2, 3]);
  const { weight } = cache;
  cache.evict(weight, Infinity);
  expect(cache.weight).toBe(weight);
});

test('evicting raises what must be loaded to the evicted day, the never touched units too', () => {
  const cache = filled([5, 6, 7]);
  cache.get(5, 0)!.usedBy = 1;
  cache.get(6, 0)!.usedBy = 2;
  cache.get(7, 0)!.usedBy = 3;
  cache.evict(cache.weight - 0.1, Infinity);
  // The one least recently used.
  expect([5, 6, 7].map((day) => cache.has(day, 0))).toEqual([false, true, true]);
  expect(cache.get(5, 0)).toBeUndefined();
  expect(cache.has(5, 1)).toBe(false);
  expect(cache.has(4, 1)).toBe(false);
  expect(cache.has(6, 1)).toBe(true);
  cache.evict(0, Infinity);
  expect(cache.weight).toBe(0);
  expect(cache.has(7, 0)).toBe(false);
  expect(cache.has(7, 1)).toBe(false);
  expect(cache.has(8, 1)).toBe(true);
});

test('nothing is evicted whose last change is not written', () => {
  const cache = filled([5, 6, 7]);
  cache.get(5, 0)!.usedBy = 4;
  cache.get(6, 0)!.usedBy = 3;
  cache.get(7, 0)!.usedBy = 4;
  cache.evict(0, 3);
  expect([5, 6, 7].map((day) => cache.get(day, 0)?.entities)).toEqual([1, undefined, 1]);
});

test('a day that no record can reach is dropped whole, and loaded if it is asked for all the same', () => {
  const cache = filled([5, 6, 7]);
  expect(cache.get(6, 0)).toBeDefined();
  cache.dropBefore(7);
  expect(cache.get(5, 0)).toBeUndefined();
  expect(cache.get(6, 0)).toBeUndefined();
  expect(cache.get(7, 0)?.entities).toBe(1);
  expect(cache.weight).toBe(filled([7]).weight);
  cache.dropBefore(-Infinity);
  expect(cache.get(7, 0)?.entities).toBe(1);
});

test('units of one day do not touch each other', () => {
  const cache = new UnitCache(1, NEVER_STORED);
  const units = Array.from({ length: BUCKETS }, (_, bucket) => cache.get(1, bucket)!);
  expect(new Set(units).size).toBe(BUCKETS);
  units[0]!.entity(Buffer.from('ann'), 0, 3, 1);
  expect(units[1]!.entities).toBe(0);
});

test('whatever is done, a unit is either whole or must be loaded', () => {
  const day = fc.integer({ min: 0, max: 6 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('touch'), day, bucket: fc.nat(2) }),
    fc.record({ kind: fc.constant('drop'), day, bucket: fc.constant(0) }),
    fc.record({ kind: fc.constant('evict'), day: fc.nat(8), bucket: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), day, (steps, storedUpTo) => {
      const cache = new UnitCache(1, storedUpTo);
      // How many events of each unit the log has had; those stored before are not counted.
      const truth = new Map<string, number>();
      let write = 1;
      for (const { kind, day: where, bucket } of steps) {
        write++;
        if (kind === 'drop') cache.dropBefore(where);
        else if (kind === 'evict') cache.evict(where, write - bucket);
        else {
          const key = `${where}/${bucket}`;
          const events = truth.get(key) ?? 0;
          let unit = cache.get(where, bucket);
          expect(cache.has(where, bucket)).toBe(unit !== undefined);
          if (unit === undefined) {
            unit = cache.create(where, bucket);
            for (let event = 0; event < events; event++) addEvent(unit, event);
          }
          // What is in memory is all that there was.
          expect(addEvent(unit, events)).toBe(events);
          unit.usedBy = write;
          truth.set(key, events + 1);
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** One entity with one event on each day. */
function filled(days: readonly number[]): UnitCache {
  const cache = new UnitCache(1, NEVER_STORED);
  for (const day of days) addEvent(cache.get(day, 0)!, 0);
  return cache;
}

/** Adds the n-th event of a unit; returns its number there, -1 if it was there. */
function addEvent(unit: NonNullable<ReturnType<UnitCache['get']>>, n: number): number {
  const entity = unit.entity(Buffer.from('ann'), 0, 3, 1);
  const id = Buffer.from(String(n));
  const event = unit.add(entity, id, 0, id.length);
  if (event !== -1) unit.link(entity, event);
  return event;
}
