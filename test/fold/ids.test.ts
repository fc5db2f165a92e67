import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packId, packed, uuidText } from '../../src/fold/packed-id.ts';
import { UnitCache } from '../../src/fold/unit-cache.ts';
import type { EntityDay, Unit } from '../../src/fold/unit.ts';

const UUID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const NIL = '00000000-0000-0000-0000-000000000000';

test('a canonical lower-case UUID is packed exactly, wherever it lies', () => {
  const anyUuid = fc.oneof(fc.uuid(), fc.constantFrom(NIL, 'ffffffff-ffff-ffff-ffff-ffffffffffff'));
  fc.assert(
    fc.property(anyUuid, fc.string(), (uuid, around) => {
      const before = Buffer.from(around);
      const bytes = Buffer.concat([before, Buffer.from(uuid), before]);
      expect(packId(bytes, before.length, before.length + 36)).toBe(true);
      expect(uuidText(packed[0]!, packed[1]!, packed[2]!, packed[3]!)).toBe(uuid);
    }),
  );
});

test('whatever differs from a canonical UUID in any character is no UUID', () => {
  for (let at = 0; at < UUID.length; at++) {
    for (const other of [
      'g',
      'A',
      'F',
      '/',
      ':',
      '`',
      '@',
      ' ',
      '\0',
      '\u007f',
      '-',
      '_',
      '\u00ff',
    ]) {
      if (other === UUID[at]) continue;
      const text = UUID.slice(0, at) + other + UUID.slice(at + 1);
      expect(packId(Buffer.from(text, 'latin1'), 0, 36), text).toBe(false);
    }
  }
  for (const text of [
    UUID.slice(1),
    `${UUID}0`,
    UUID.replaceAll('-', ''),
    UUID.toUpperCase(),
    '',
  ]) {
    expect(packId(Buffer.from(text), 0, text.length), text).toBe(false);
  }
});

test('a UUID, its upper-case form and its forms without dashes or with spaces are different ids', () => {
  const forms = [
    UUID,
    UUID.toUpperCase(),
    UUID.replaceAll('-', ''),
    `${UUID} `,
    ` ${UUID}`,
    `{${UUID}}`,
  ];
  expect(distinct([...forms, ...forms])).toBe(forms.length);
});

test('ids that differ in one bit are different ids, UUIDs and others', () => {
  const ids = new Set([UUID, NIL]);
  for (const base of [UUID, NIL]) {
    for (let at = 0; at < base.length; at++) {
      if (base[at] === '-') continue;
      for (const bit of [1, 2, 4, 8]) {
        const digit = (Number.parseInt(base[at]!, 16) ^ bit).toString(16);
        ids.add(base.slice(0, at) + digit + base.slice(at + 1));
      }
    }
  }
  const long = 'x'.repeat(128);
  const others = new Set([long]);
  for (let at = 0; at < long.length; at++) {
    for (const bit of [1, 2, 4, 8, 16, 32, 64]) {
      others.add(long.slice(0, at) + String.fromCharCode(120 ^ bit) + long.slice(at + 1));
    }
  }
  expect(distinct([...ids, ...ids])).toBe(ids.size);
  expect(distinct([...others, ...others])).toBe(others.size);
});

test('the nil UUID and empty-looking ids are ordinary ids', () => {
  const ids = [NIL, ' ', '\0', '\0'.repeat(16), '0'];
  expect(distinct([...ids, ...ids.toReversed()])).toBe(ids.length);
});

test('an id counts once for each entity, and a hashed one never for a UUID’s bits', () => {
  const unit = unitOf();
  for (const name of ['ann', 'bob']) {
    const entity = entityOf(unit, name);
    for (const id of [UUID, 'plain', NIL]) {
      expect(add(unit, entity, id)).not.toBe(-1);
      expect(add(unit, entity, id)).toBe(-1);
    }
  }
});

test('tens of thousands of ids of many entities are all found again', () => {
  const unit = unitOf();
  const idsOf = (n: number): string => (n % 5 === 0 ? `id-${n}` : uuid(n));
  const entities = Array.from({ length: 100 }, (_, n) => entityOf(unit, `user ${n}`));
  const wrong: number[] = [];
  for (let n = 0; n < 20_000; n++) if (add(unit, entities[n % 100]!, idsOf(n)) !== n) wrong.push(n);
  for (let n = 0; n < 20_000; n++)
    if (add(unit, entities[n % 100]!, idsOf(n)) !== -1) wrong.push(n);
  for (let n = 0; n < 100; n++) {
    if (add(unit, entities[(n + 1) % 100]!, idsOf(n)) === -1) wrong.push(n);
  }
  expect(wrong).toEqual([]);
  expect(unit.entities).toBe(100);
});

test('events of an entity are read in the order of time and id, however they came', () => {
  const key = fc.record({ time: fc.integer({ min: -3, max: 3 }), id: fc.uuid() });
  const odd = fc.record({ time: fc.integer({ min: -3, max: 3 }), id: fc.string({ minLength: 1 }) });
  const events = fc.uniqueArray(fc.oneof(key, odd), {
    selector: ({ id }) => id,
    maxLength: 300,
    size: 'max',
  });
  fc.assert(
    fc.property(events, (drawn) => {
      const unit = unitOf();
      const entity = entityOf(unit, 'ann');
      const other = entityOf(unit, 'bob');
      for (const { time, id } of drawn) {
        for (const one of [entity, other]) {
          const event = add(unit, one, id);
          unit.facts[event * unit.stride] = time;
          unit.link(one, event);
        }
      }
      const day = unit.read(entity);
      const read = Array.from(day.events.subarray(0, day.count), (event) => ({
        time: day.facts[event * day.stride]!,
        id: idAt(day, event),
      }));
      const bytes = (id: string): Buffer => Buffer.from(id);
      expect(read).toEqual(
        drawn.toSorted((a, b) => a.time - b.time || Buffer.compare(bytes(a.id), bytes(b.id))),
      );
    }),
  );
});

test('events that come in no order at all are sorted, not put in their places one by one', () => {
  const unit = unitOf();
  const entity = entityOf(unit, 'ann');
  const count = 50_000;
  let next = 0;
  const put = (time: number): void => {
    const event = add(unit, entity, uuid(next++));
    unit.facts[event * unit.stride] = time;
    unit.link(entity, event);
  };
  const times = (): string => {
    const day = unit.read(entity);
    return Array.from(
      day.events.subarray(0, day.count),
      (event) => day.facts[event * day.stride]!,
    ).join();
  };
  const wanted = Array.from({ length: count }, (_, n) => n);
  for (const n of wanted) put((n * 7919) % count);
  expect(times() === wanted.join()).toBe(true);
  // Once read, it takes single events at either end and in between.
  for (const time of [count, -1, count - 0.5, 0.5]) put(time);
  const more = [...wanted, count, -1, count - 0.5, 0.5].sort((a, b) => a - b);
  expect(times() === more.join()).toBe(true);
  expect(times() === more.join()).toBe(true);
});

function uuid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

function unitOf(): Unit {
  return new UnitCache(2, -Infinity).create(1, 1);
}

function entityOf(unit: Unit, name: string): number {
  const bytes = Buffer.from(name);
  // Any hash will do, as long as it is always the same one.
  return unit.entity(bytes, 0, bytes.length, bytes.length);
}

function add(unit: Unit, entity: number, id: string): number {
  const bytes = Buffer.from(id);
  return unit.add(entity, bytes, 0, bytes.length);
}

function idAt(day: EntityDay, event: number): string {
  const bytes = Buffer.alloc(128);
  return bytes.toString('utf8', 0, day.copyId(event, bytes));
}

function distinct(ids: readonly string[]): number {
  const unit = unitOf();
  const entity = entityOf(unit, 'ann');
  return ids.filter((id) => add(unit, entity, id) !== -1).length;
}
