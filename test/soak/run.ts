/**
 * `npm run soak -- --minutes N`: steady traffic through a development broker, processors that are killed,
 * frozen and doubled at random, and what that does to memory, file descriptors, parts and lag. In:
 * --minutes, --rate (events a second), --seed, --out FILE.svg. Out: a table, a picture; status 1 when
 * anything differs from what was sent.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { sendTraffic } from '../../src/cli/traffic/send-traffic.ts';
import { startEmbeddedBroker } from '../../src/embedded/broker/broker.ts';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { createKafka } from '../../src/sources/kafka/kafka-client.ts';
import { createTopicIfMissing } from '../../src/sources/kafka/topics.ts';
import { DEFAULT_RATES } from '../../src/traffic/defects.ts';
import { Random } from '../../src/traffic/random.ts';
import { Traffic } from '../../src/traffic/traffic.ts';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';
import { shippedChecks } from '../../src/checks/check-file.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { start } from '../cli/tidemark.ts';
import type { Running } from '../cli/tidemark.ts';
import { plot } from './plot.ts';
import { Samples } from './samples.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    out: { type: 'string', default: 'soak.svg' },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const seed = Number(values.seed);
const random = new Random(seed, 99);
console.error(`npm run soak -- --minutes ${minutes} --rate ${rate} --seed ${seed}`);

const TOPIC = 'app-events';
const PARTITIONS = 4;
const SAMPLE_EVERY_MS = 5_000;
const SESSION_TIMEOUT_MS = 10_000;
const PATIENCE_MS = 120_000;

const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-soak-'));
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));
process.once('SIGTERM', () => stop.abort(new Error('interrupted')));
const running = new Set<Running>();
process.once('exit', () => {
  for (const each of running) each.process.kill('SIGKILL');
});

await using clickhouse = await startEmbeddedClickHouse({ dataDir });
await using broker = await startEmbeddedBroker({ dataDir });
const client = openClickHouse({ url: clickhouse.url });
await migrate(client);
const kafka = createKafka({ brokers: broker.brokers }, pino({ level: 'silent' }));
const admin = kafka.admin();
await admin.connect();
await createTopicIfMissing(admin, TOPIC, { partitions: PARTITIONS });

const traffic = new Traffic({
  seed,
  size: { records: minutes * 60 * rate },
  days: 30,
  until: Date.now() * 1000,
  rates: DEFAULT_RATES,
  partitions: PARTITIONS,
  rules: { timezone: 'UTC', lookbackDays: 2 },
});

function startProcessor(): Running {
  const one = start(['run'], {
    CLICKHOUSE_URL: clickhouse.url,
    KAFKA_BROKERS: broker.brokers.join(','),
    KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
    TIDEMARK_DATA_DIR: dataDir,
    HTTP_PORT: '0',
    LOG_LEVEL: 'error',
  });
  running.add(one);
  void one.ended.then(() => running.delete(one));
  return one;
}

async function number(query: string): Promise<number> {
  const result = await client.query({ query, format: 'TabSeparated' });
  return Number(await result.text());
}

const samples = new Samples({
  clickhousePid: clickhouse.pid,
  processorPids: () => [...running].flatMap(({ process: { pid } }) => pid ?? []),
  parts: () =>
    number('SELECT count() FROM system.parts WHERE active AND database = currentDatabase()'),
  lag: async () => {
    const ends = await admin.fetchTopicOffsets(TOPIC);
    const end = ends.reduce((sum, { high }) => sum + Number(high), 0);
    return end - (await number(PROCESSED));
  },
});
const PROCESSED = `SELECT sum(accepted + duplicate + late + future + invalid) FROM source_progress`;

/** Faults at random until all is sent; the processors that are left go on. */
const faults: Record<string, number> = {};
async function disturb(until: AbortSignal): Promise<void> {
  const kinds = ['kill -9', 'freeze', 'restart', 'second'] as const;
  while (!until.aborted) {
    await sleep(15_000 + random.below(45_000), undefined, { signal: until }).catch(() => {});
    if (until.aborted) return;
    const kind = kinds[random.below(kinds.length)]!;
    faults[kind] = (faults[kind] ?? 0) + 1;
    samples.mark(kind);
    const [victim] = running;
    if (kind === 'second' || victim === undefined) startProcessor();
    else if (kind === 'kill -9') {
      victim.process.kill('SIGKILL');
      await victim.ended;
    } else if (kind === 'restart') {
      victim.process.kill('SIGTERM');
      await victim.ended;
    } else {
      // Longer than the session, so that it wakes up as a zombie if somebody took its partitions over.
      startProcessor();
      victim.process.kill('SIGSTOP');
      await sleep(SESSION_TIMEOUT_MS * 1.5);
      victim.process.kill('SIGCONT');
    }
    // Two at most, so that the figures of memory mean something.
    for (const each of [...running].slice(2)) {
      each.process.kill('SIGTERM');
      await each.ended;
    }
    if (running.size === 0) startProcessor();
  }
}

startProcessor();
const sent = new AbortController();
const sampling = samples.run(SAMPLE_EVERY_MS, stop.signal);
const disturbing = disturb(AbortSignal.any([sent.signal, stop.signal]));
let status = 0;
try {
  await sendTraffic({ kafka, topic: TOPIC, traffic, schemaId: 1, rate, signal: stop.signal });
  sent.abort();
  await disturbing;
  const deadline = Date.now() + PATIENCE_MS;
  while ((await number(PROCESSED)) < traffic.records) {
    if (Date.now() > deadline) throw new Error('not all was processed in time');
    await sleep(200);
  }
  for (const each of running) each.process.kill('SIGTERM');
  await Promise.all([...running].map(({ ended }) => ended));
  status = await compare();
} finally {
  stop.abort();
  await sampling;
  await admin.disconnect();
  await writeFile(
    values.out,
    plot(samples.rows, samples.marks, `${minutes} minutes, ${rate} events/s, seed ${seed}`),
  );
  console.log(samples.table());
  console.log(`faults: ${JSON.stringify(faults)}; the picture is in ${values.out}`);
  await client.close();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
}
process.exitCode = status;

/** 1 when the outcomes are not those that were sent, or any check fails. */
async function compare(): Promise<number> {
  const { reasons: _, ...expected } = traffic.expected;
  const found: Record<string, number> = {};
  for (const outcome of Object.keys(expected)) {
    found[outcome] = await number(`SELECT sum(${outcome}) FROM source_progress`);
  }
  const wrong = Object.entries(expected).filter(([outcome, count]) => found[outcome] !== count);
  for (const [outcome, count] of wrong) {
    console.log(`${outcome}: ${found[outcome]} instead of ${count}`);
  }
  let failed = wrong.length;
  const results = await runChecks({
    client,
    checks: await shippedChecks(),
    from: '1970-01-01',
    to: undefined,
    days: 1,
    signal: new AbortController().signal,
  });
  for (const { name, status, severity, failing, reason } of results) {
    if (status === 'ok' || (status === 'failed' && severity === 'warn')) continue;
    console.log(`${name}: ${failing} rows${reason === '' ? '' : `, ${reason}`}`);
    failed += 1;
  }
  console.log(`${traffic.records} records: ${failed === 0 ? 'exact' : 'DIFFERENT'}`);
  return failed === 0 ? 0 : 1;
}
