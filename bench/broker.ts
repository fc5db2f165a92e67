/**
 * In: nothing. Out: how many events a second the embedded broker takes from one producer, and how fast
 * a consumer that does nothing with them reads them again; with the broker's CPU time and memory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { startEmbeddedBroker } from '../src/embedded/broker/broker.ts';
import { createKafka } from '../src/sources/kafka/kafka-client.ts';
import { TopicProducer } from '../src/sources/kafka/topic-producer.ts';
import { fetching } from './fetching.ts';
import { measure } from './measure.ts';
import { peakMemory } from './process-usage.ts';

const EVENTS = 1_000_000;
const EVENT_BYTES = 200;
const PARTITIONS = 4;
const RECORDS_PER_SEND = 4_000;
const TOPIC = 'events';

const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
await using broker = await startEmbeddedBroker({ dataDir });
const [address = ''] = broker.brokers;
const kafka = createKafka({ brokers: [address] }, pino({ level: 'error' }));

const records = Array.from({ length: RECORDS_PER_SEND }, (_, i) => ({
  key: null,
  value: Buffer.alloc(EVENT_BYTES, `event ${i} `),
  partition: i % PARTITIONS,
}));
await using producer = await TopicProducer.open(kafka, TOPIC, { partitions: PARTITIONS });
const produced = await measure({ broker: broker.pid }, async () => {
  for (let sent = 0; sent < EVENTS; sent += RECORDS_PER_SEND) await producer.send(records);
});
report('one producer', produced);

const fetched = await fetching(
  {
    broker: address,
    brokerPid: broker.pid,
    topic: TOPIC,
    events: EVENTS,
  },
  'walk',
);
report('one consumer', { seconds: fetched.seconds, cpu: { broker: fetched.cpu['kafka'] ?? NaN } });
console.log(`broker: ${Math.round(peakMemory(broker.pid))} MiB at most`);
await broker.close();
await rm(dataDir, { recursive: true });

function report(what: string, { seconds, cpu }: typeof produced): void {
  const rate = Math.round(EVENTS / seconds).toLocaleString('en');
  const used = (cpu['broker'] ?? NaN).toFixed(1);
  console.log(`${what}: ${rate} events/s in ${seconds.toFixed(1)} s, broker ${used} s of CPU`);
}
