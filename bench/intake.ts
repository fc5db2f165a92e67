/** How long one event takes in the processor alone: decode, classify, fold, encode; nothing is stored. */
import PQueue from 'p-queue';
import { Assignment } from '../src/processor/assignment.ts';
import { GroupCommit } from '../src/processor/group-commit.ts';
import { noObserver } from '../src/processor/observer.ts';
import type { Clock } from '../src/processor/ports.ts';
import type { RecordBatch, RecordCursor } from '../src/sources/source.ts';
import { appEvents } from '../src/streams/app-events.ts';
import type { Store } from '../src/warehouse/store.ts';
import { eventSchema } from './event-encoder.ts';
import { Traffic } from './traffic.ts';

const EVENTS = Number(process.argv[2] ?? 400_000);
const traffic = new Traffic({ seed: 1, events: EVENTS, users: 20_000, days: 10, partitions: 1 });
const values = Array.from(traffic.records(), ({ value }) => value);
const bytes = Buffer.concat(values);

class Cursor implements RecordCursor {
  offset;
  time = -1;
  bytes = bytes;
  keyStart = -1;
  keyEnd = -1;
  valueStart;
  valueEnd;
  chain = 0;
  fault = null;
  readonly #to;
  constructor(from: number, to: number, position: number) {
    this.offset = from - 1;
    this.valueStart = position;
    this.valueEnd = position;
    this.#to = to;
  }
  next(): boolean {
    if (this.offset + 1 >= this.#to) return false;
    this.offset++;
    this.valueStart = this.valueEnd;
    this.valueEnd = this.valueStart + values[this.offset]!.length;
    return true;
  }
  headers(): [] {
    return [];
  }
}

const clock: Clock = {
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
let rows = 0;
const store: Store = {
  readProgress: () => Promise.resolve(undefined),
  writeProgress: () => Promise.resolve(),
  insert: () => Promise.resolve(),
  readAccepted: () => Promise.resolve(Buffer.alloc(0)),
  readAcceptedElsewhere: () => Promise.resolve(Buffer.alloc(0)),
  readOutdated: () => Promise.resolve([]),
  removeOutdated: () => Promise.resolve(),
  readAhead: () => Promise.resolve([]),
};
const commits = new GroupCommit({
  store,
  clock,
  deadLetters: { send: () => Promise.resolve() },
  observer: {
    ...noObserver,
    inserted: (table, n) => void (table === 'user_day_rows' && (rows += n)),
  },
  intervalMs: 0,
  random: Math.random,
  onFatal: (error) => {
    throw error;
  },
});
const context = {
  stream: appEvents(eventSchema()),
  rules: {
    epoch: 1,
    timezone: 'UTC',
    lookbackDays: 2,
    maxFutureSkewSeconds: 600,
    minEventTime: 0,
    sessionGapSeconds: 1800,
    eventTypes: {
      closed: false,
      types: [
        {
          name: 'miles_earned',
          aliases: [],
          countsAsActive: true,
          serverSide: false,
          miles: 'earned',
        },
        {
          name: 'miles_redeemed',
          aliases: [],
          countsAsActive: true,
          serverSide: false,
          miles: 'redeemed',
        },
      ],
    },
    platforms: { closed: false, platforms: [] },
    stockCodes: [],
  },
  store,
  schemas: { schema: () => Promise.resolve(JSON.stringify(eventSchema())) },
  commits,
  loads: new PQueue({ concurrency: 4 }),
  clock,
  observer: noObserver,
  limits: { pendingRows: 100_000, pendingBytes: 64e6, cachedUserDays: 1e6 },
  random: Math.random,
  warn: console.error,
} as const;

for (let run = 0; run < 3; run++) {
  rows = 0;
  const assignment = new Assignment(context, { log: 'bench/0' });
  await assignment.start(async () => ({ first: 0, end: EVENTS }));
  const began = process.cpuUsage();
  const STEP = 35_000;
  let position = 0;
  for (let from = 0; from < EVENTS; from += STEP) {
    const to = Math.min(from + STEP, EVENTS);
    const at = position;
    const batch: RecordBatch = { nextOffset: to, records: () => new Cursor(from, to, at) };
    await assignment.push(batch);
    for (let i = from; i < to; i++) position += values[i]!.length;
  }
  await assignment.settle();
  const used = process.cpuUsage(began);
  const seconds = (used.user + used.system) / 1e6;
  console.log(`user ${used.user / EVENTS} sys ${used.system / EVENTS}`);
  console.log(
    `${((seconds * 1e6) / EVENTS).toFixed(2)} µs of CPU per event, ${rows} user-day rows, ` +
      `${(bytes.length / EVENTS).toFixed(0)} bytes per event, ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
  );
}
