/**
 * In: a seed and a number of records. Out: they went through the real intake, from Kafka's batches to
 * inserts, and what became of them. Throws where something other than an outcome came of one.
 */
import { noObserver } from '../../src/processor/observer.ts';
import type { Store } from '../../src/warehouse/store.ts';
import { KafkaRecordBatch } from '../../src/sources/kafka/record-batch.ts';
import { processorWith } from '../processor/in-memory.ts';
import { rulesWith, stream } from '../streams/app-event-samples.ts';
import { HostileBatches } from './hostile-batches.ts';
import { HOSTILE_SCHEMAS } from './hostile-schemas.ts';
import { chanceOf } from './random.ts';

export interface Fuzzed {
  readonly records: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Rows inserted, by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly letters: number;
  readonly seconds: number;
  /** Of the process. */
  readonly peakMib: number;
}

const LOG = 'hostile/0';
const MIB = 2 ** 20;

export async function fuzzRecords(seed: number, wanted: number): Promise<Fuzzed> {
  const started = performance.now();
  const batches = new HostileBatches(chanceOf(seed), wanted);
  const outcomes: Record<string, number> = {};
  const rows: Record<string, number> = {};
  let letters = 0;
  let peak = 0;
  let fatal: Error | undefined;
  // Nothing is kept, so what is evicted would be loaded as empty: the cache has to hold all.
  const limits = { pendingRows: 5_000, pendingBytes: 8 * MIB, cachedUserDays: 10_000_000 };
  await using processor = processorWith({
    rules: rulesWith(),
    store: forgetful,
    schemas: { schema: (id) => Promise.resolve(HOSTILE_SCHEMAS.get(id)) },
    deadLetters: {
      send: (sent) => {
        letters += sent.length;
        return Promise.resolve();
      },
    },
    observer: {
      ...noObserver,
      inserted: (table, count) => {
        rows[table] = (rows[table] ?? 0) + count;
        peak = Math.max(peak, process.memoryUsage.rss());
      },
      committed: (_log, _line, counts) => {
        for (const { outcome, count } of counts)
          outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
      },
    },
    limits,
    onFatal: (error) => {
      fatal = new Error('the processor gave up', { cause: error });
    },
  });
  const assignment = processor.assign(stream, { log: LOG });
  await assignment.start(() => Promise.resolve({ first: 0, end: 0 }));
  let offset = 0;
  let records = 0;
  while (records < wanted) {
    const { bytes, records: claimed, whole } = batches.next(offset);
    offset += claimed;
    const batch = new KafkaRecordBatch([bytes], offset);
    const read = countOf(batch);
    if (whole && read !== claimed) {
      throw new Error(`${read} of ${claimed} records were read of a whole batch, seed ${seed}`);
    }
    records += read;
    await assignment.push(batch);
  }
  await assignment.settle();
  assignment.abandon();
  if (fatal !== undefined) throw fatal;
  const seconds = (performance.now() - started) / 1000;
  return { records, outcomes, rows, letters, seconds, peakMib: Math.round(peak / MIB) };
}

/** A broken batch has at most as many records as it says: offsets that its bytes skip are holes. */
function countOf(batch: KafkaRecordBatch): number {
  const cursor = batch.records();
  let count = 0;
  while (cursor.next()) count++;
  return count;
}

const forgetful: Store = {
  insert: () => Promise.resolve(),
  readProgress: () => Promise.resolve(undefined),
  writeProgress: () => Promise.resolve(),
  readAccepted: () => Promise.resolve(Buffer.alloc(0)),
  readAcceptedElsewhere: () => Promise.resolve(Buffer.alloc(0)),
  readOutdated: () => Promise.resolve([]),
  removeOutdated: () => Promise.resolve(),
  readAhead: () => Promise.resolve([]),
};
