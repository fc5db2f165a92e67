import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GenerateSummary } from '../../src/cli/traffic/generate.ts';
import { recordSchema } from '../../src/decode/record-schema.ts';
import { NO_MAPPING } from '../../src/sources/file/mapping.ts';
import { openRows } from '../../src/sources/file/open-rows.ts';
import { RowEncoder } from '../../src/sources/file/row-encoder.ts';
import { createKafka } from '../../src/sources/kafka/kafka-client.ts';
import { DEFAULT_RATES } from '../../src/traffic/defects.ts';
import { Traffic, TrafficEncoder } from '../../src/traffic/traffic.ts';
import { startProcessor } from '../integration/run-process.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin, sharedKafka } from '../support/kafka.ts';
import type { RealKafka } from '../support/kafka.ts';
import { seed } from '../support/seed.ts';
import { readTopic } from './read-topic.ts';
import { start, tidemark } from './tidemark.ts';

const SCHEMA = new URL('../../schemas/app-event.avsc', import.meta.url);
const UNTIL = '2026-03-20T15:30:00Z';
const SAME = ['--seed', String(seed), '--until', UNTIL];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-generate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function summaryOf(
  argv: readonly string[],
  environment: Record<string, string> = {},
): Promise<GenerateSummary> {
  const { status, stdout, stderr } = await tidemark(['generate', ...argv, '--json'], environment);
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as GenerateSummary;
}

/** The values that `produce` and `ingest` make of a file's rows. */
async function valuesOf(path: string): Promise<string[]> {
  const target = {
    stream: 'app-events',
    fields: recordSchema(JSON.parse(await readFile(SCHEMA, 'utf8')) as object).fields,
    key: 'user_id',
    hashed: 'event_id',
    timezone: 'UTC',
  };
  await using file = await openRows(path);
  const encoder = new RowEncoder(target, NO_MAPPING, file, Buffer.from([0, 0, 0, 0, 1]));
  expect(encoder.unused).toEqual([]);
  const values: string[] = [];
  for await (const group of file.rows()) {
    for (const row of group) {
      const encoded = encoder.encode(row);
      values.push(encoded.kind === 'record' ? encoded.value.toString('hex') : encoded.kind);
    }
  }
  return values;
}

describe('a file', () => {
  test.for(['events.csv', 'events.csv.gz', 'events.ndjson', 'events.ndjson.gz', 'events.avro'])(
    '%s holds what Kafka would get, to the byte, but for what no row can hold',
    async (name) => {
      const path = join(folder, name);
      const argv = [...SAME, '--events', '4000', '--invalid', '5%', '--out', path];
      const { records, left_out, expected } = await summaryOf(argv);
      const traffic = new Traffic({
        seed,
        size: { records: 4000 },
        days: 30,
        until: Date.parse(UNTIL) * 1000,
        rates: { ...DEFAULT_RATES, invalid: 0.05 },
        partitions: 1,
        rules: { timezone: 'UTC', lookbackDays: 2 },
      });
      const encoder = new TrafficEncoder(1);
      const sent = [...traffic].filter(
        ({ damage }) => left_out[damage?.reason ?? ''] === undefined,
      );
      const values = await valuesOf(path);
      expect(values).toHaveLength(records);
      expect(values).toEqual(sent.map((record) => encoder.value(record)?.toString('hex')));

      const leftOut = Object.values(left_out).reduce((sum, count) => sum + count, 0);
      expect(leftOut).toBeGreaterThan(50);
      expect(records + leftOut).toBe(4000);
      const { reasons: _, ...outcomes } = expected;
      expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(records);
      expect(expected.late).toBe(0);
    },
  );

  test('Ctrl-C leaves the file as it was, and nothing beside it', async () => {
    const own = await mkdtemp(join(folder, 'interrupted-'));
    const path = join(own, 'events.csv');
    await writeFile(path, 'before');
    const running = start(['generate', '--events', '800000', '--out', path]);
    await eventually(
      'it writes',
      async () => (await readdir(own)).includes('events.csv.partial'),
      15_000,
    );
    running.process.kill('SIGINT');
    expect((await running.ended).status).toBe(130);
    expect(await readdir(own)).toEqual(['events.csv']);
    expect(await readFile(path, 'utf8')).toBe('before');
  });

  test.for([
    [['--events', '10', '--users', '10'], '--events and --users cannot both be given'],
    [['--until', '2999-01-01'], '--until must not be after now'],
    [['--until', 'yesterday'], 'It must be a time such as'],
    [['--late', '60%'], 'It must be a share from 0 to 0.5'],
    [['--late', '0.5', '--future', '0.5'], 'must be at most 0.8 together'],
    [['--out', 'events.xml'], '--out must end in one of .csv, .csv.gz'],
    [['--out', '/nowhere/events.csv'], '/nowhere/events.csv cannot be written'],
  ] as const)('wrong usage ends with 2 and says what: %s', async ([argv, message]) => {
    const { status, stderr } = await tidemark(['generate', '--events', '10', ...argv]);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});

describe('the embedded broker', { timeout: 90_000 }, () => {
  test('every record becomes what was announced, whatever was wrong with it', async () => {
    const environment = { TIDEMARK_DATA_DIR: join(folder, 'data') };
    const wild = '--duplicates 10% --late 5% --future 2% --invalid 5% --out-of-order 20%'.split(
      ' ',
    );
    const argv = ['--seed', String(seed), '--events', '20000', '--partitions', '3', ...wild];
    const { records, expected } = await summaryOf(argv, environment);
    expect(records).toBe(20_000);
    const processor = await startProcessor(environment);
    try {
      await processor.meanwhile(
        eventually(
          'all are processed',
          async () => (await processor.metric('tidemark_events_total{')) === records,
          60_000,
        ),
      );
      for (const outcome of ['accepted', 'duplicate', 'late', 'future', 'invalid'] as const) {
        const label = `tidemark_events_total{stream="app-events",outcome="${outcome}"`;
        expect([outcome, await processor.metric(label)]).toEqual([outcome, expected[outcome]]);
      }
      for (const [reason, count] of Object.entries(expected.reasons)) {
        const outcome = reason === 'future_event' ? 'future' : 'invalid';
        const label = `tidemark_events_total{stream="app-events",outcome="${outcome}",reason="${reason}"}`;
        expect([reason, await processor.metric(label)]).toEqual([reason, count]);
      }
    } finally {
      await processor.stop();
    }
  });
});

describe.skipIf(kafkaOrigin() === undefined)('a real Kafka', { timeout: 120_000 }, () => {
  let kafka: RealKafka;
  beforeAll(async () => {
    kafka = await sharedKafka();
  });
  afterAll(() => kafka[Symbol.asyncDispose]());

  const environment = (topic: string) => ({
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_TOPIC_APP_EVENTS: topic,
    TIDEMARK_DATA_DIR: join(folder, topic),
  });
  test('a topic that is there keeps its partitions, and Ctrl-C ends with 130', async () => {
    const topic = `events-${randomUUID()}`;
    const first = await summaryOf(['--events', '100', '--partitions', '2'], environment(topic));
    const second = await summaryOf(['--events', '100', '--partitions', '5'], environment(topic));
    expect([first.partitions, second.partitions]).toEqual([2, 2]);
    const running = start(['generate', '--events', '5000', '--rate', '50'], environment(topic));
    const client = createKafka({ brokers: kafka.brokers }, pino({ level: 'silent' }));
    await readTopic(client, topic, 205);
    running.process.kill('SIGINT');
    const { status, stderr } = await running.ended;
    expect(stderr).toMatch(/seed \d+/);
    expect(stderr).toMatch(/\d+ records were sent to .* before it stopped/);
    expect(status).toBe(130);
  });
});
