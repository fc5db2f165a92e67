/**
 * A process that only fetches. In: broker, topic, number of records, as arguments. Out: one line of
 * JSON when it has seen them all: seconds since the consumer was made, CPU seconds, peak MiB.
 */
import { performance } from 'node:perf_hooks';
import { client } from './fill.ts';
import { cpuSeconds, peakMemory } from './process-usage.ts';

const [, , broker = '', topic = '', records = '0'] = process.argv;
const cpuBefore = cpuSeconds(process.pid);
const started = performance.now();
const MIB = 1024 * 1024;
const consumer = client(broker).consumer({
  groupId: `bench-fetch-${process.pid}`,
  maxBytesPerPartition: 8 * MIB,
  maxBytes: 64 * MIB,
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
let seen = 0;
const { promise, done } = deferred();
await consumer.run({
  autoCommit: false,
  partitionsConsumedConcurrently: 4,
  eachBatchAutoResolve: true,
  eachBatch: ({ batch }) => {
    seen += batch.messages.length;
    if (seen >= Number(records)) done();
    return Promise.resolve();
  },
});
await promise;
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({
    seconds,
    cpu: cpuSeconds(process.pid) - cpuBefore,
    memory: peakMemory(process.pid),
  }),
);
await consumer.disconnect();

function deferred(): { promise: Promise<void>; done: () => void } {
  let done = () => {};
  const promise = new Promise<void>((resolve) => {
    done = resolve;
  });
  return { promise, done };
}
