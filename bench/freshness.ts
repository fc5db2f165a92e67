/**
 * `npm run bench:freshness`: sends events at a steady rate and keeps asking `user_days` how many of
 * them it shows. In: --rate events/s, --seconds N. Out: the time from sending an event to the answer
 * that counts it: p50, p99, largest.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Message } from 'kafkajs';
import { realKafka } from '../test/support/kafka.ts';
import { startClickHouse } from './clickhouse.ts';
import { eventEncoder } from './event-encoder.ts';
import { client, createTopic } from './fill.ts';
import { until } from './measure.ts';
import { processors } from './processor.ts';
import { random } from './random.ts';
import { machine } from './report.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '20' },
  },
});
const PARTITIONS = 4;
const USERS = 20_000;
const TICK_MS = 10;
/** The same traffic before what is measured: what has just started is not yet as fast as it will be. */
const WARM_UP_SECONDS = 5;
const perTick = Math.round((Number(values.rate) * TICK_MS) / 1000);
const ticks = (seconds: number) => Math.round((seconds * 1000) / TICK_MS);
const warmUpEvents = perTick * ticks(WARM_UP_SECONDS);
const total = warmUpEvents + perTick * ticks(Number(values.seconds));

/** When each event was sent, by partition, in the order of its log. */
const sentAt = Array.from({ length: PARTITIONS }, (): number[] => []);
const latencies = Array.from({ length: PARTITIONS }, (): number[] => []);

// An exit is what lets go of the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await using kafka = await realKafka();
const [broker = ''] = kafka.brokers;
const topic = `freshness-${process.pid}`;
await createTopic(broker, topic, PARTITIONS);
await using clickhouse = await startClickHouse();
await using processor = await processors({ clickhouse, broker, topic });
await processor.migrate();
processor.start();
await Promise.all([
  send(),
  until(look, 'user_days shows every event', { everyMs: 20, timeoutMs: 120_000 }),
]);
await processor.stop();

const measured = latencies
  .flatMap((ofPartition) => ofPartition.slice(warmUpEvents / PARTITIONS))
  .sort((a, b) => a - b);
const quantile = (q: number) => Math.round(measured[Math.ceil(q * measured.length) - 1] ?? NaN);
console.log(
  `${machine()}; ${values.rate} events/s for ${values.seconds} s\n` +
    `from sending to visible in user_days: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, ` +
    `largest ${quantile(1)} ms`,
);

async function send(): Promise<void> {
  const chance = random(1);
  const encode = eventEncoder(chance);
  const producer = client(broker).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const sending: Promise<unknown>[] = [];
  const started = performance.now();
  for (let sent = 0; sent < total;) {
    const messages: Message[] = [];
    for (const end = sent + perTick; sent < end; sent++) {
      const partition = sent % PARTITIONS;
      // `look` knows a user's partition by the first letter.
      const userId = `${partition}-${chance.below(USERS / PARTITIONS)}`;
      const time = Date.now() * 1000;
      const value = encode({ userId, type: 'page_view', time, miles: null });
      messages.push({ key: userId, value, partition });
    }
    const now = performance.now();
    for (const { partition } of messages) sentAt[partition!]!.push(now);
    sending.push(producer.send({ topic, acks: 1, messages }));
    await sleep(started + (sent / perTick) * TICK_MS - performance.now());
  }
  await Promise.all(sending);
  await producer.disconnect();
}

/** A partition's events become visible in the order of its log, so their number says which they are. */
async function look(): Promise<boolean> {
  const rows = await clickhouse.text(
    'SELECT substring(user_id, 1, 1), sum(events) FROM user_days GROUP BY 1',
  );
  const now = performance.now();
  for (const row of rows.trim().split('\n')) {
    const [partition, events] = row.split('\t').map(Number);
    const seen = latencies[partition ?? 0];
    const sent = sentAt[partition ?? 0];
    if (seen === undefined || sent === undefined || events === undefined) continue;
    while (seen.length < events) seen.push(now - sent[seen.length]!);
  }
  return latencies.reduce((sum, seen) => sum + seen.length, 0) >= total;
}
