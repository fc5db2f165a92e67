import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { describe, expect, test } from 'vitest';
import { Partitioners } from '../../src/sources/kafka/kafkajs-mends.ts';
import { DAMAGES } from '../../src/traffic/damage.ts';
import { DEFAULT_RATES } from '../../src/traffic/defects.ts';
import { Traffic, TrafficEncoder } from '../../src/traffic/traffic.ts';
import type { TrafficOptions, TrafficRecord } from '../../src/traffic/traffic.ts';
import { seed } from '../support/seed.ts';

const UNTIL = Date.UTC(2026, 2, 20, 15, 30) * 1000;
const NO_DEFECTS = { duplicates: 0, late: 0, future: 0, invalid: 0, outOfOrder: 0 };
const DAY = 86_400_000_000;

function trafficWith(given: Partial<TrafficOptions> = {}): Traffic {
  return new Traffic({
    seed,
    size: { records: 20_000 },
    days: 30,
    until: UNTIL,
    rates: DEFAULT_RATES,
    partitions: 4,
    rules: { timezone: 'UTC', lookbackDays: 2 },
    ...given,
  });
}

const dayOf = (record: TrafficRecord) => Math.floor(record.event.event_time / DAY);

test('the same seed sends the same bytes, another seed or moment sends other events', () => {
  const bytesOf = (given: Partial<TrafficOptions>) => {
    const encoder = new TrafficEncoder(1);
    const traffic = trafficWith({ size: { records: 2000 }, ...given });
    return Buffer.concat([...traffic].map((record) => encoder.value(record) ?? Buffer.alloc(1)));
  };
  const ids = (given: Partial<TrafficOptions>) =>
    new Set([...trafficWith({ size: { records: 2000 }, ...given })].map((r) => r.event.event_id));
  expect(bytesOf({}).equals(bytesOf({}))).toBe(true);
  const known = ids({ rates: NO_DEFECTS });
  for (const other of [{ seed: seed + 1 }, { until: UNTIL + 60_000_000 }]) {
    const more = ids({ rates: NO_DEFECTS, ...other });
    expect([...more].filter((id) => known.has(id))).toEqual([]);
  }
});

test('a seed sends the same bytes on every machine', () => {
  const encoder = new TrafficEncoder(1);
  const hash = createHash('sha256');
  for (const record of trafficWith({ seed: 7, size: { records: 5000 } })) {
    hash.update(encoder.value(record) ?? '');
  }
  // Changes whenever the traffic is made another way; must not change by itself.
  expect(hash.digest('hex')).toBe(
    '2fa853ec65649c2eff2749ce25cb531dbf9241b97296b7fa97a236fd2a6efd29',
  );
});

test('bytes are those of the schema, and event ids are distinct UUIDs', () => {
  const type = avro.Type.forSchema(
    JSON.parse(
      readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8'),
    ) as avro.Schema,
  );
  const encoder = new TrafficEncoder(7);
  const ids = new Set<string>();
  for (const record of trafficWith({ rates: NO_DEFECTS })) {
    const value = encoder.value(record)!;
    expect(value.readUIntBE(0, 5)).toBe(7);
    expect({ ...(type.fromBuffer(value.subarray(5)) as object) }).toEqual({ ...record.event });
    ids.add(record.event.event_id);
  }
  expect(ids.size).toBe(20_000);
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
  expect([...ids].every((id) => uuid.test(id))).toBe(true);
  expect([...ids].some((id) => id === id.toUpperCase())).toBe(true);
});

test('the partition is the one that producers choose by the key', () => {
  const choose = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [],
    isr: [],
  }));
  for (const { key, partition } of trafficWith({ size: { records: 2000 }, partitions: 7 })) {
    expect(choose({ topic: 't', partitionMetadata, message: { key, value: null } })).toBe(
      partition,
    );
  }
});

test('there are exactly as many records as asked for, and as many defects of each kind', () => {
  const records = 10_000;
  const rates = { duplicates: 0.04, late: 0.03, future: 0.02, invalid: 0.01, outOfOrder: 0.1 };
  const traffic = trafficWith({ size: { records }, rates });
  expect([...traffic]).toHaveLength(records);
  const { accepted, duplicate, late, future, invalid, reasons } = traffic.expected;
  expect({ future, invalid }).toEqual({ future: 200, invalid: 100 });
  expect(Object.keys(reasons).toSorted()).toEqual(
    ['future_event', ...DAMAGES.map(({ reason }) => reason)].toSorted(),
  );
  // What is sent again too late is late, and the first late ones may meet an empty log.
  expect(duplicate + late).toBeGreaterThan(680);
  expect(duplicate + late).toBeLessThanOrEqual(700 + 20);
  expect(accepted + duplicate + late + future + invalid).toBe(records);
});

test('the number is exact however few and however broken they are', () => {
  const rates = { duplicates: 0.3, late: 0.1, future: 0.1, invalid: 0.3, outOfOrder: 0.5 };
  const sizes = Array.from({ length: 30 }, (_, at) => at + 1);
  const made = sizes.map((records) => [...trafficWith({ size: { records }, rates })].length);
  expect(made).toEqual(sizes);
});

test('without defects the log is in the order of time, and no event is outside the window', () => {
  const records = [...trafficWith({ rates: NO_DEFECTS })];
  const times = records.map(({ event }) => event.event_time);
  // To the resolution of the order: some milliseconds.
  const back = times.filter((time, at) => at > 0 && time < times[at - 1]! - 50_000);
  expect(back).toEqual([]);
  expect(Math.max(...times)).toBeLessThanOrEqual(UNTIL);
  expect(Math.min(...times)).toBeGreaterThanOrEqual((Math.floor(UNTIL / DAY) - 29) * DAY - DAY / 2);
  expect(records.every(({ outcome }) => outcome === 'accepted')).toBe(true);
});

test('a size in users makes that many users at most, whatever the days', () => {
  for (const days of [1, 3, 90]) {
    const records = [...trafficWith({ size: { users: 300 }, days })];
    expect(new Set(records.map(({ key }) => key.toString())).size).toBeLessThanOrEqual(300);
    expect(records.length).toBeGreaterThan(100);
  }
});

describe('what is worth looking at is there', () => {
  const records = [...trafficWith({ size: { records: 60_000 } })].filter(
    ({ outcome }) => outcome === 'accepted',
  );
  const users = groupBy(records, ({ event }) => event.user_id);

  test('most who earn miles keep some, and some are below zero', () => {
    const balances = [...users.values()]
      .map((events) =>
        events.map(({ event: { event_type, miles_amount } }) =>
          event_type === 'miles_redeemed' ? -(miles_amount ?? 0) : (miles_amount ?? 0),
        ),
      )
      .filter((deltas) => deltas.some((delta) => delta !== 0))
      .map((deltas) => deltas.reduce((sum, delta) => sum + delta, 0));
    const negative = balances.filter((balance) => balance < 0).length;
    expect(negative).toBeGreaterThan(0.01 * balances.length);
    expect(negative).toBeLessThan(0.15 * balances.length);
  });

  test('the app grows, week-ends are busier, and new users drop off', () => {
    const active = groupBy(records, dayOf);
    const daily = (day: number) => new Set(active.get(day)?.map((r) => r.event.user_id)).size;
    const last = Math.floor(UNTIL / DAY);
    const week = (ago: number) =>
      Array.from({ length: 7 }, (_, at) => daily(last - ago - at)).reduce((sum, n) => sum + n, 0);
    expect(week(1)).toBeGreaterThan(1.2 * week(22));
    // 2026-03-14 was a Saturday.
    const saturday = Date.UTC(2026, 2, 14) / 86_400_000;
    expect(daily(saturday)).toBeGreaterThan(daily(saturday - 3));

    const signedUp = [...users.values()].filter((events) =>
      events.some((r) => r.event.event_type === 'sign_up' && dayOf(r) < last - 8),
    );
    const cameOn = (age: number) =>
      signedUp.filter((events) => {
        const first = dayOf(events.find((r) => r.event.event_type === 'sign_up')!);
        return events.some((r) => r.event.platform !== null && dayOf(r) === first + age);
      }).length / signedUp.length;
    expect(cameOn(1)).toBeGreaterThan(cameOn(7));
    expect(cameOn(7)).toBeGreaterThan(0.05);
  });

  test('every type of the catalogue occurs, on several platforms, by the server only what is its own', () => {
    const types = groupBy(records, ({ event }) => event.event_type);
    expect(types.size).toBe(13);
    expect(new Set(records.map(({ event }) => event.platform)).size).toBeGreaterThan(5);
    for (const [type, events] of types) {
      const fromServer = type === 'package_shipped' || type === 'package_delivered';
      expect(events.every(({ event }) => (event.platform === null) === fromServer)).toBe(true);
    }
  });
});

function groupBy<K, V>(values: readonly V[], keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}
