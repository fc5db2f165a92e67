import { expect, test } from 'vitest';
import type { SentEvent } from '../simulation/log.ts';
import { binary, type Row, type Value } from '../simulation/native-reader.ts';
import { event, MONDAY, rulesWith, SECOND } from '../streams/app-event-samples.ts';
import { foldEvents, modelRows, rowOf } from './fold-events.ts';

const rules = rulesWith();
const GAP = 1800 * SECOND;

let next = 0;
function at(time: number, given: Partial<SentEvent> = {}): SentEvent {
  return event({ event_id: `id-${next++}`, event_time: MONDAY + time, ...given });
}

test('a gap of exactly 1,800 seconds stays in the session, a microsecond more splits it', () => {
  expect(sessionsOf([at(0), at(GAP), at(2 * GAP)])).toEqual([[0, 2 * GAP, 3]]);
  expect(sessionsOf([at(0), at(GAP), at(2 * GAP + 1)])).toEqual([
    [0, GAP, 2],
    [2 * GAP + 1, 2 * GAP + 1, 1],
  ]);
});

test('a late event that bridges two sessions leaves one', () => {
  const apart = [at(0), at(2 * GAP)];
  expect(sessionsOf(apart)).toHaveLength(2);
  expect(sessionsOf([...apart, at(GAP)])).toEqual([[0, 2 * GAP, 3]]);
});

test('server-side events neither open nor extend a session', () => {
  const server = { event_type: 'package_shipped' };
  expect(sessionsOf([at(0, server)])).toEqual([]);
  expect(sessionsOf([at(0), at(GAP, server), at(2 * GAP)])).toEqual([
    [0, 0, 1],
    [2 * GAP, 2 * GAP, 1],
  ]);
  expect(only([at(0), at(5, server)])).toMatchObject({ events: 2, last_event_at: MONDAY + 5 });
});

test('each session counts the types of its own events', () => {
  const row = only([at(0), at(1, { event_type: 'like' }), at(2), at(GAP + 3)]);
  const fragments = row['session_fragments'] as readonly (readonly Value[])[];
  expect(fragments.map((fragment) => fragment[3])).toEqual([
    [
      ['like', 1],
      ['page_view', 2],
    ],
    [['page_view', 1]],
  ]);
});

test('of events at the same time the one with the lowest id, byte by byte, is first', () => {
  // In the order of their UTF-8 bytes, which is not that of their UTF-16 units.
  const ids = [
    '0',
    '00000000-0000-0000-0000-000000000000',
    '00000000-0000-0000-0000-00000000000A',
    '00000000-0000-0000-0000-00000000000a',
    '80000000-0000-0000-0000-000000000000',
    'A0000000-0000-0000-0000-000000000000',
    'a',
    'a0000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '～',
    '\u{1F600}',
  ];
  const miles = { event_type: 'miles_earned', miles_amount: 1 };
  for (let first = 0; first < ids.length; first++) {
    const events = ids
      .slice(first)
      .map((event_id, n) => at(0, { event_id, country: `c${first + n}`, ...miles }));
    for (const ordered of [events, events.toReversed()]) {
      const row = only(ordered);
      expect(row['first_event_id']).toBe(binary(ids[first]!));
      expect(row['first_country']).toBe(`c${first}`);
      const ledger = row['miles_ledger'] as readonly (readonly Value[])[];
      expect(ledger.map(([, id]) => id)).toEqual(ids.slice(first).map(binary));
    }
  }
});

test('the first event’s fields are its own, NULL included', () => {
  const row = only([
    at(0, { platform: null, utm_source: ' ', country: null }),
    at(1, { platform: 'ios', utm_source: 'google', country: 'DE' }),
  ]);
  expect(row).toMatchObject({
    first_platform: null,
    first_utm_source: null,
    first_country: null,
    platforms: ['ios'],
    platform_counts: [[['ios', 'page_view'], 1]],
  });
});

test('miles are exact beyond 2^53', () => {
  const most = 2 ** 53 - 1;
  const moved = (event_type: string, n: number): SentEvent[] =>
    Array.from({ length: n }, (_, k) => at(k, { event_type, miles_amount: most - (k % 2) }));
  const row = only([...moved('miles_earned', 5), ...moved('miles_redeemed', 3)]);
  expect(row).toMatchObject({
    miles_earned: 5n * BigInt(most) - 2n,
    miles_redeemed: 3n * BigInt(most) - 1n,
    miles_earned_events: 5,
    miles_redeemed_events: 3,
  });
  const ledger = row['miles_ledger'] as readonly (readonly Value[])[];
  expect(ledger.map(([, , delta]) => delta).filter((delta) => Number(delta) < 0)).toHaveLength(3);
});

test('a sum of just 2^53 - 1, and one more', () => {
  const earned = (miles_amount: number): SentEvent =>
    at(0, { event_type: 'miles_earned', miles_amount });
  expect(only([earned(2 ** 53 - 2), earned(1)])).toMatchObject({ miles_earned: 2 ** 53 - 1 });
  expect(only([earned(2 ** 53 - 1), earned(1)])).toMatchObject({ miles_earned: 2n ** 53n });
  expect(only([earned(2 ** 53 - 1), earned(1), earned(1)])).toMatchObject({
    miles_earned: 2n ** 53n + 1n,
  });
});

test('miles of zero move nothing and are in the ledger', () => {
  const row = only([
    at(0, { event_type: 'miles_earned', miles_amount: 0 }),
    at(1, { event_type: 'miles_redeemed', miles_amount: 0 }),
  ]);
  expect(row).toMatchObject({ miles_earned_events: 1, miles_redeemed_events: 1 });
  const ledger = row['miles_ledger'] as readonly (readonly Value[])[];
  expect(ledger.map(([, , delta]) => delta)).toEqual([0, 0]);
});

test('a day of thousands of event types and platforms counts each', () => {
  const events = Array.from({ length: 6000 }, (_, n) =>
    at(n, { event_type: `type_${n % 3000}`, platform: `p${n % 7}`, utm_source: `s${n}` }),
  );
  const row = only(events);
  expect(row['event_counts']).toHaveLength(3000);
  expect(row['platform_counts']).toHaveLength(6000);
  expect([row]).toEqual([...modelRows(events, rules).values()]);
});

test('a text of many bytes is the same text whatever its length', () => {
  const events = [1, 15, 16, 64, 65, 127, 128, 129, 20_000].map((length, n) =>
    at(n, { utm_source: 'é'.repeat(length), platform: 'ü'.repeat(length), country: 'x' }),
  );
  for (const event of events) {
    expect(only([event])).toEqual([...modelRows([event], rules).values()][0]);
  }
  expect(only(events)).toEqual([...modelRows(events, rules).values()][0]);
});

test('the version grows by one with every distinct event, from the epoch of the rules', () => {
  const events = [at(0), at(1), at(2)];
  for (let count = 1; count <= 3; count++) {
    const row = only([...events.slice(0, count), ...events.slice(0, count)]);
    expect(row['version']).toBe(rules.epoch * 2 ** 32 + count);
  }
});

/** The row of events that are all of one user and day. */
function only(events: readonly SentEvent[]): Row {
  const { blocks } = foldEvents(events, rules);
  expect(blocks.size).toBe(1);
  return rowOf([...blocks.values()][0]!);
}

/** Start and end, counted from the day's start, and the number of events. */
function sessionsOf(events: readonly SentEvent[]): Value[] {
  const fragments = only(events)['session_fragments'] as readonly (readonly Value[])[];
  return fragments.map(([start, end, size]) => [
    Number(start) - MONDAY,
    Number(end) - MONDAY,
    size!,
  ]);
}
