/**
 * `demo`: the embedded stack, realistic traffic into Kafka and from there into the tables, and at the
 * end what became of it, and where to look.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../config/configuration.ts';
import { DEFAULT_RATES } from '../traffic/defects.ts';
import { Traffic } from '../traffic/traffic.ts';
import { Refresher } from '../warehouse/refresher.ts';
import { demoReport } from './demo-report.ts';
import type { DemoSummary } from './demo-report.ts';
import { WorkError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';
import { print, printJson, say } from './invocation.ts';
import type { OpenKafka } from './kafka.ts';
import { openKafka } from './kafka.ts';
import { stackLogger } from './logger.ts';
import { configuredRegistry, schemaOf } from './registry.ts';
import { aborted, runProcessor } from './run-processor.ts';
import type { RunningProcessor } from './run-processor.ts';
import { sendTraffic, topicWithPartitions } from './traffic/send-traffic.ts';
import { PARTITIONS, whereToLook } from './up.ts';
import { watchFlow } from './flow/watch.ts';

export interface DemoOptions {
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  /** A new one when left out. */
  readonly seed: number | undefined;
  readonly events: number;
  /** Ends after the summary instead of staying up. */
  readonly exit: boolean;
  readonly json: boolean;
}

const DAYS = 30;
const LOOK_EVERY_MS = 100;

export async function demo(options: DemoOptions): Promise<void> {
  const { invocation, exit, json } = options;
  const started = performance.now();
  const seed = options.seed ?? randomInt(2 ** 32);
  const logger = stackLogger(options.configuration);
  say(invocation, `seed ${seed}: the same traffic again with --seed ${seed}`);
  say(invocation, 'starting a Kafka broker, ClickHouse and the processor …');
  await using kafka = await openKafka(options.configuration, invocation, logger);
  const configuration = await withEmptyTopic(options.configuration, kafka, invocation);
  await runProcessor({ configuration, invocation, logger }, async (running) => {
    const traffic = new Traffic({
      seed,
      size: { records: options.events },
      days: DAYS,
      until: Date.now() * 1000,
      rates: DEFAULT_RATES,
      partitions: PARTITIONS,
      rules: running.rules,
    });
    const times = await flow({ configuration, invocation, running, traffic, started });
    say(invocation, 'bringing growth, sessions and first weeks up to date …');
    const refresher = await Refresher.open(running.warehouse.client, invocation.signal);
    await refresher.refresh();
    const summary: DemoSummary = {
      seed,
      topic: configuration.topics.appEvents,
      ...times,
      expected: traffic.expected,
      outcomes: await outcomesOf(running.warehouse.client, configuration.topics.appEvents),
    };
    if (json) printJson(invocation, summary);
    else print(invocation, await demoReport(running.warehouse.client, summary));
    if (exit) return;
    say(invocation, `\nWhere to look\n${whereToLook(configuration, running)}`);
    say(invocation, '\nEverything stays up until Ctrl-C; in another terminal: npx tidemark status');
    await aborted(invocation.signal);
  });
}

interface Flow {
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  readonly running: RunningProcessor;
  readonly traffic: Traffic;
  readonly started: number;
}

/** Resolves when all of the traffic is in the tables. */
async function flow({ configuration, invocation, running, traffic, started }: Flow) {
  const topic = configuration.topics.appEvents;
  const schema = schemaOf(configuration, 'app-events');
  const registry = configuredRegistry(configuration);
  const schemaId = await registry.register({ stream: 'app-events', topic, schema });
  const done = new AbortController();
  const until = AbortSignal.any([invocation.signal, done.signal]);
  const watching = watchFlow({
    configuration,
    invocation,
    running,
    until,
    title: `tidemark demo · ${topic}`,
    total: traffic.records,
  });
  const seconds = (): number => Number(((performance.now() - started) / 1000).toFixed(2));
  const startedAfter = seconds();
  let firstAfter = 0;
  try {
    const arriving = watchArrivals(running.warehouse.client, topic, until, (records) => {
      if (firstAfter === 0) firstAfter = seconds();
      return records >= traffic.records;
    });
    const [sent] = await Promise.all([
      sendTraffic({
        kafka: running.kafka.kafka,
        topic,
        traffic,
        schemaId,
        signal: invocation.signal,
      }).then((records) => ({ records, after: seconds() })),
      arriving,
    ]);
    return {
      sent: sent.records,
      started_after_seconds: startedAfter,
      first_visible_after_seconds: firstAfter,
      sent_after_seconds: sent.after,
      processed_after_seconds: seconds(),
    };
  } finally {
    done.abort();
    await watching;
  }
}

/** Asks for the number of records whose outcome is stored, until it is enough. */
async function watchArrivals(
  client: ClickHouseClient,
  topic: string,
  signal: AbortSignal,
  enough: (records: number) => boolean,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { accepted, duplicate, late, future, invalid } = await outcomesOf(client, topic);
    const records = accepted + duplicate + late + future + invalid;
    if (records > 0 && enough(records)) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function outcomesOf(
  client: ClickHouseClient,
  topic: string,
): Promise<DemoSummary['outcomes']> {
  const result = await client.query({
    query: `
SELECT
    toFloat64(sum(accepted)) AS accepted,
    toFloat64(sum(duplicate)) AS duplicate,
    toFloat64(sum(late)) AS late,
    toFloat64(sum(future)) AS future,
    toFloat64(sum(invalid)) AS invalid
FROM source_progress
WHERE stream = 'app-events' AND startsWith(source, {prefix: String})`,
    query_params: { prefix: `${topic}/` },
    format: 'JSONEachRow',
  });
  const [row] = await result.json<DemoSummary['outcomes']>();
  if (row === undefined) throw new WorkError('source_progress gave no sums');
  return row;
}

/**
 * The topic of app events, or when that has records, of an earlier demo or of one's own, another one
 * beside it: among older records most of the history that is about to be sent would be late.
 */
async function withEmptyTopic(
  configuration: Configuration,
  kafka: OpenKafka,
  invocation: Invocation,
): Promise<Configuration> {
  const wanted = configuration.topics.appEvents;
  for (let number = 1; ; number++) {
    const topic = number === 1 ? wanted : `${wanted}-${number}`;
    await topicWithPartitions(kafka.kafka, topic, PARTITIONS);
    if (!(await isEmpty(kafka, topic))) continue;
    if (number > 1) say(invocation, `${wanted} has records already: the traffic goes to ${topic}`);
    return { ...configuration, topics: { ...configuration.topics, appEvents: topic } };
  }
}

async function isEmpty({ kafka }: OpenKafka, topic: string): Promise<boolean> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.length === PARTITIONS && offsets.every(({ high }) => high === '0');
  } finally {
    await admin.disconnect();
  }
}
