/** What the generator expects against what the processor does, record by record. */
import { describe, expect, test } from 'vitest';
import type { Rules } from '../../src/streams/rules.ts';
import { DEFAULT_RATES } from '../../src/traffic/defects.ts';
import { Traffic, TrafficEncoder } from '../../src/traffic/traffic.ts';
import type { TrafficOptions } from '../../src/traffic/traffic.ts';
import { batchOf, MemoryWarehouse, processorWith } from '../processor/in-memory.ts';
import type { LogRecord } from '../processor/in-memory.ts';
import { appEventTables } from '../simulation/memory-tables.ts';
import { rulesWith, schemas, stream } from '../streams/app-event-samples.ts';
import { seed } from '../support/seed.ts';

const UNTIL = Date.UTC(2026, 2, 20, 15, 30) * 1000;
const MANY = { duplicates: 0.2, late: 0.1, future: 0.05, invalid: 0.1, outOfOrder: 0.3 };

const CASES: readonly (readonly [string, Partial<TrafficOptions>, Partial<Rules>])[] = [
  ['the default rates', { rates: DEFAULT_RATES }, {}],
  ['many defects', {}, {}],
  ['no lookback', {}, { lookbackDays: 0 }],
  ['a long lookback in New York', {}, { lookbackDays: 7, timezone: 'America/New_York' }],
  ['a lookback without end', {}, { lookbackDays: Infinity }],
  ['one day', { days: 1 }, {}],
  ['few records', { size: { records: 40 } }, {}],
  ['hardly any', { size: { records: 5 }, days: 1 }, { lookbackDays: 0 }],
];

describe('the processor makes of every record what is expected', () => {
  test.for(CASES)('%s', async ([, given, changes]) => {
    const rules = rulesWith({ eventTypes: { closed: false, types: catalogue }, ...changes });
    const partitions = 3;
    const traffic = new Traffic({
      seed,
      size: { records: 5000 },
      days: 30,
      until: UNTIL,
      rates: MANY,
      partitions,
      rules,
      ...given,
    });
    const encoder = new TrafficEncoder(1);
    const logs = Array.from({ length: partitions }, (): LogRecord[] => []);
    const expected: string[] = [];
    for (const record of traffic) {
      const { partition, key, outcome } = record;
      const log = logs[partition]!;
      if (outcome !== 'accepted' && outcome !== 'duplicate') {
        expected.push(`${partition} ${log.length} ${outcome} ${reasonOf(record)}`);
      }
      log.push({ offset: log.length, key, value: encoder.value(record), time: UNTIL / 1000 });
    }

    const store = new MemoryWarehouse(appEventTables);
    for (const [partition, log] of logs.entries()) await process(store, rules, partition, log);
    const counts = logs.map((_, partition) =>
      store.tables.newestLine('app-events', `t/${partition}`),
    );
    const total = (outcome: 'accepted' | 'duplicate' | 'late' | 'future' | 'invalid') =>
      counts.reduce((sum, line) => sum + (line?.[outcome] ?? 0), 0);
    const { reasons, ...outcomes } = traffic.expected;
    expect(outcomes).toEqual({
      accepted: total('accepted'),
      duplicate: total('duplicate'),
      late: total('late'),
      future: total('future'),
      invalid: total('invalid'),
    });
    const rejected = store.rows('rejected_events_rows');
    const found = [
      ...store.rows('late_events_rows').map((row) => `${place(row)} late `),
      ...rejected.map((row) => `${place(row)} ${String(row['outcome'])} ${String(row['reason'])}`),
    ];
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(Object.values(reasons).reduce((sum, count) => sum + count, 0)).toBe(rejected.length);
  });
});

const catalogue: Rules['eventTypes']['types'] = [
  { ...ofMiles('earned'), name: 'miles_earned' },
  { ...ofMiles('redeemed'), name: 'miles_redeemed' },
];

function ofMiles(miles: 'earned' | 'redeemed') {
  return { aliases: [], countsAsActive: true, serverSide: false, miles } as const;
}

function reasonOf({ outcome, damage }: { outcome: string; damage: { reason: string } | null }) {
  return outcome === 'future' ? 'future_event' : (damage?.reason ?? '');
}

function place(row: Record<string, unknown>): string {
  return `${String(row['source']).split('/')[1]} ${String(row['offset'])}`;
}

async function process(
  store: MemoryWarehouse,
  rules: Rules,
  partition: number,
  log: readonly LogRecord[],
): Promise<void> {
  await using processor = processorWith({ rules, store, schemas });
  const assignment = processor.assign(stream, { log: `t/${partition}` });
  await assignment.start(() => Promise.resolve({ first: 0, end: log.length }));
  for (let at = 0; at < log.length; at += 500) {
    await assignment.push(batchOf(log.slice(at, at + 500)));
  }
  await assignment.settle();
  assignment.abandon();
}
