/**
 * A process that only fetches. In, as arguments: a broker, a topic, how many records it holds, and
 * whether kafkajs makes an object of each (`objects`) or our cursor walks over them (`walk`). Out: one
 * line of JSON when it has seen them all: seconds since the consumer was made, CPU seconds, peak MiB.
 */
import { performance } from 'node:perf_hooks';
import pino from 'pino';
import { cpuSeconds, peakMemory } from './process-usage.ts';

const MIB = 1024 * 1024;
const [, , broker = '', topic = '', records = '0', way = ''] = process.argv;
const cpuBefore = cpuSeconds(process.pid);
const started = performance.now();
let missing = Number(records);
let allSeen = () => {};
const all = new Promise<void>((resolve) => {
  allSeen = resolve;
});
function seen(count: number): void {
  missing -= count;
  if (missing <= 0) allSeen();
}

const stop = await (way === 'objects' ? withObjects() : withWalk());
await all;
console.log(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    cpu: cpuSeconds(process.pid) - cpuBefore,
    memory: peakMemory(process.pid),
  }),
);
await stop();

// Each way loads kafkajs for itself: our mends change how it reads in the whole process.

async function withObjects(): Promise<() => Promise<void>> {
  const { client } = await import('./fill.ts');
  const consumer = client(broker).consumer({
    groupId: 'bench-fetch-objects',
    maxBytesPerPartition: 8 * MIB,
    maxBytes: 64 * MIB,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 4,
    eachBatch: ({ batch }) => {
      seen(batch.messages.length);
      return Promise.resolve();
    },
  });
  return () => consumer.disconnect();
}

async function withWalk(): Promise<() => Promise<void>> {
  const { createKafka } = await import('../src/sources/kafka/kafka-client.ts');
  const { runKafkaConsumer } = await import('../src/sources/kafka/kafka-consumer.ts');
  const logger = pino({ level: 'error' });
  const consumer = await runKafkaConsumer({
    kafka: createKafka({ brokers: [broker], clientId: 'bench' }, logger),
    logger,
    groupId: 'bench-fetch-walk',
    topics: [topic],
    createProcessor: () => ({
      start: async (readBounds) => (await readBounds()).first,
      push: (batch) => {
        let count = 0;
        for (const cursor = batch.records(); cursor.next();) count++;
        seen(count);
        return Promise.resolve();
      },
      settle: () => Promise.resolve(),
      abandon: () => {},
    }),
  });
  return () => consumer.settleAndStop();
}
