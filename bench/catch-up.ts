/**
 * `npm run bench`: fills a topic, then lets each way in turn catch up with it from nothing.
 * In: --events N, --seed N. Out: a table.
 */
import { parseArgs } from 'node:util';
import { startClickHouse } from './clickhouse.ts';
import { fetching } from './fetching.ts';
import { createTopic, fillTopic } from './fill.ts';
import { insertAlone } from './insert-alone.ts';
import { kafkaEngine, type FilledTopic } from './kafka-engine.ts';
import type { Result } from './measure.ts';
import { machine, report } from './report.ts';
import { Traffic } from './traffic.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const events = Number(values.events);
const partitions = 4;
const SCHEMA_ID = 1;

const broker = process.env['KAFKA_BROKERS'] ?? '';
const brokerPid = Number(process.env['KAFKA_PID']);

const traffic = new Traffic(
  { seed: Number(values.seed), events, users: 20_000, days: 10, partitions },
  SCHEMA_ID,
);
const topic = `bench-${process.pid}`;
await createTopic(broker, topic, partitions);
await fillTopic(broker, topic, partitions, traffic.records());
console.error(
  `${events} events of ${Math.round(traffic.bytes / events)} bytes, ${traffic.duplicates} of them duplicates, ${traffic.userDays.size} user-days`,
);
const filled: FilledTopic = { broker, brokerPid, topic, partitions, events, traffic };

const results: Result[] = [];
function done(result: Result): Result {
  console.error(`${result.name}: ${Math.round(result.events / result.seconds)} events/s`);
  results.push(result);
  return result;
}

done(await fetching(filled));
let baseline: Result;
{
  await using clickhouse = await startClickHouse();
  baseline = done(await kafkaEngine(clickhouse, filled));
  for (const result of await insertAlone(clickhouse)) done(result);
}
console.log(`${machine()}\n\n${report(results, baseline.name)}`);
