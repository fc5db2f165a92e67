/**
 * `npx tsx bench/ingest.ts`: how fast `ingest` takes the rows of a CSV file and of an Avro container.
 * In: --rows N, --seed N, --only csv,avro. Out: a table; status 1 when what is stored is wrong.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import avsc from 'avsc';
import { main } from '../src/cli/main.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { startClickHouse } from './clickhouse.ts';
import { eventSchema } from './event-encoder.ts';
import { measure } from './measure.ts';
import type { Result } from './measure.ts';
import { machine, report } from './report.ts';
import { Traffic } from './traffic.ts';
import { readUserDays } from './user-day-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'csv,avro' },
  },
});
const rows = Number(values.rows);
const COLUMNS = [
  'event_id',
  'user_id',
  'event_type',
  'event_time',
  'platform',
  'utm_source',
  'country',
  'transaction_category',
  'miles_amount',
  'producer_session_id',
  'page_url',
  'product_id',
  'order_id',
] as const;
const TYPE = avsc.Type.forSchema(eventSchema());
const WIRE_HEADER_BYTES = 5;

type Event = Readonly<Record<(typeof COLUMNS)[number], string | number | null>> & {
  readonly event_time: number;
};

function traffic(): Traffic {
  return new Traffic({
    seed: Number(values.seed),
    events: rows,
    users: 20_000,
    days: 10,
    partitions: 1,
  });
}

function* events(from: Traffic): Generator<Event> {
  for (const { value } of from.records()) {
    yield TYPE.fromBuffer(value.subarray(WIRE_HEADER_BYTES)) as Event;
  }
}

/** Nothing in the traffic needs quotation marks. */
function* lines(from: Traffic): Generator<string> {
  yield `${COLUMNS.join(',')}\n`;
  for (const event of events(from)) {
    const micros = String(event.event_time % 1_000_000).padStart(6, '0');
    const seconds = new Date(Math.floor(event.event_time / 1_000_000) * 1000).toISOString();
    const time = seconds.replace('.000Z', `.${micros}Z`);
    yield `${COLUMNS.map((name) => (name === 'event_time' ? time : (event[name] ?? ''))).join(',')}\n`;
  }
}

const WRITERS: Readonly<Record<string, (path: string, from: Traffic) => Promise<void>>> = {
  csv: (path, from) => pipeline(Readable.from(lines(from)), createWriteStream(path)),
  avro: async (path, from) => {
    const encoder = new avsc.streams.BlockEncoder(eventSchema(), { codec: 'deflate' });
    await pipeline(Readable.from(events(from)), encoder, createWriteStream(path));
  },
};

async function ingested(path: string, from: Traffic): Promise<Result> {
  await using clickhouse = await startClickHouse();
  await migrate(clickhouse.client);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const told = text(stderr);
  let status = 0;
  const measured = await measure(
    { processor: process.pid, clickhouse: clickhouse.pid },
    async () => {
      const environment = { CLICKHOUSE_URL: clickhouse.url };
      status = await main(['ingest', path, '--stream', 'app-events'], {
        environment,
        stdout,
        stderr,
      });
    },
  );
  stderr.end();
  if (status !== 0) throw new Error(`ingest ended with ${status}: ${await told}`);
  const counted = await clickhouse.text(
    'SELECT sum(accepted), sum(duplicate), (SELECT count() FROM events) FROM source_progress',
  );
  const expected = [from.accepted, from.duplicates, from.accepted].join('\t');
  const wrong = from.userDays.differences(await readUserDays(clickhouse, 'user_days'));
  const { size } = await stat(path);
  return {
    name: `ingest of ${Math.round(size / rows)} bytes a row, ${path.split('.').at(-1)}`,
    events: rows,
    ...measured,
    check:
      wrong === 0 && counted.trim() === expected
        ? `exact: ${from.userDays.size} user-days`
        : `${wrong} user-days are wrong; counted ${counted.trim()} for ${expected}`,
  };
}

const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
const results: Result[] = [];
try {
  for (const format of values.only.split(',')) {
    const path = join(folder, `events.${format}`);
    const from = traffic();
    await WRITERS[format]!(path, from);
    results.push(await ingested(path, from));
    await rm(path);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${machine()}; ${rows} rows, seed ${values.seed}\n\n${report(results)}`);
if (results.some(({ check }) => !check?.startsWith('exact'))) process.exitCode = 1;
