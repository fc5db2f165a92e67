/** `up`: the embedded stack and the processor; a picture of what flows, until it is told to stop. */
import type { Configuration } from '../config/configuration.ts';
import type { Invocation } from './invocation.ts';
import { say } from './invocation.ts';
import { openKafka } from './kafka.ts';
import { stackLogger } from './logger.ts';
import { runProcessor } from './run-processor.ts';
import type { RunningProcessor } from './run-processor.ts';
import { topicWithPartitions } from './traffic/send-traffic.ts';
import { watchFlow } from './flow/watch.ts';

/** What a topic gets that has to be created. */
export const PARTITIONS = 4;

export async function up(configuration: Configuration, invocation: Invocation): Promise<void> {
  const logger = stackLogger(configuration);
  const topic = configuration.topics.appEvents;
  say(invocation, 'starting a Kafka broker, ClickHouse and the processor …');
  await using kafka = await openKafka(configuration, invocation, logger);
  // So that nobody has to wait until it is found.
  await topicWithPartitions(kafka.kafka, topic, PARTITIONS);
  await runProcessor({ configuration, invocation, logger }, async (running) => {
    say(invocation, `\n${whereToLook(configuration, running)}\n`);
    say(
      invocation,
      `waiting for events in ${topic}; in another terminal, for example:\n` +
        '  npx tidemark generate --events 10000\n' +
        'Ctrl-C stops everything; what was processed stays in the data folder.\n',
    );
    const title = `tidemark up · ${topic}`;
    const until = invocation.signal;
    await watchFlow({ configuration, invocation, running, title, until });
  });
}

/** Addresses for a person, a producer and a query. */
export function whereToLook(
  { storage, registry, clickhouse }: Configuration,
  { kafka, warehouse, url }: RunningProcessor,
): string {
  const sql = new URL(warehouse.url);
  const play = clickhouse.url === undefined ? `${sql.origin}/play` : sql.origin;
  return [
    `status      ${url}/`,
    `metrics     ${url}/metrics`,
    `ClickHouse  ${play}   (database ${sql.pathname.slice(1) || 'default'})`,
    `Kafka       ${kafka.brokers.join(',')}`,
    `schemas     ${registry.url ?? `${url}/registry`}`,
    `data        ${storage.dataDir}`,
  ].join('\n');
}
