/**
 * `npm run bench`: fills a topic of a real Kafka, then lets each way in turn catch up with it from
 * nothing. In: --events N, --seed N, --only WAYS. Out: a table; status 1 when Tidemark's answer is wrong.
 */
import { parseArgs } from 'node:util';
import { realKafka } from '../test/support/kafka.ts';
import { startClickHouse } from './clickhouse.ts';
import { fetching } from './fetching.ts';
import { createTopic, fillTopic } from './fill.ts';
import type { FilledTopic } from './filled-topic.ts';
import { insertAlone } from './insert-alone.ts';
import { kafkaEngine } from './kafka-engine.ts';
import type { Result } from './measure.ts';
import { machine, report } from './report.ts';
import { tidemark } from './tidemark.ts';
import { Traffic } from './traffic.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: 'fetch,engine,tidemark,tidemark2' },
  },
});
const events = Number(values.events);
const ways = values.only.split(',');
const PARTITIONS = 4;

// An exit is what lets go of the processes that were started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await using kafka = await realKafka();
const [broker = ''] = kafka.brokers;
const traffic = new Traffic({
  seed: Number(values.seed),
  events,
  users: 20_000,
  days: 10,
  partitions: PARTITIONS,
});
const topic = `bench-${process.pid}`;
await createTopic(broker, topic, PARTITIONS);
await fillTopic(broker, topic, PARTITIONS, traffic.records());
console.error(
  `${events} events of ${Math.round(traffic.bytes / events)} bytes, ${traffic.duplicates} of ` +
    `them duplicates, ${traffic.userDays.size} user-days`,
);
const filled: FilledTopic = { broker, brokerPid: kafka.pid, topic, events, traffic };

const results: Result[] = [];
function done(result: Result): void {
  console.error(`${result.name}: ${Math.round(result.events / result.seconds)} events/s`);
  results.push(result);
}
if (ways.includes('fetch')) {
  done(await fetching(filled, 'objects'));
  done(await fetching(filled, 'walk'));
}
if (ways.includes('engine')) {
  await using clickhouse = await startClickHouse();
  done(await kafkaEngine(clickhouse, filled));
  for (const result of await insertAlone(clickhouse)) done(result);
}
if (ways.includes('tidemark')) done(await tidemark(filled, 1));
if (ways.includes('tidemark2')) done(await tidemark(filled, 2));

console.log(`${machine()}; ${events} events, seed ${values.seed}\n\n${report(results)}`);
if (results.some(({ name, check }) => name.startsWith('Tidemark') && !check?.startsWith('exact'))) {
  process.exitCode = 1;
}
