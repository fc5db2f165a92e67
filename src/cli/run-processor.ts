/**
 * The one place that joins everything: Kafka, the processor, ClickHouse and the HTTP port. Runs until
 * the invocation's signal, and then stops so that a restart repeats nothing.
 */
import { once } from 'node:events';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';
import { masked } from '../config/mask.ts';
import { LocalRegistry } from '../decode/local-registry.ts';
import type { Processor } from '../processor/processor.ts';
import { startHttpServer } from '../serve/http-server.ts';
import { Metrics } from '../serve/metrics.ts';
import { KafkaDeadLetters } from '../sources/kafka/dead-letters.ts';
import { runKafkaConsumer } from '../sources/kafka/kafka-consumer.ts';
import type { RunningConsumer } from '../sources/kafka/kafka-consumer.ts';
import type { Rules } from '../streams/rules.ts';
import type { Stream } from '../streams/stream.ts';
import type { BalanceCounts } from '../warehouse/balances.ts';
import type { CheckStatus } from '../warehouse/check-status.ts';
import type { MartState } from '../warehouse/mart-refreshes.ts';
import { startRefreshing } from '../warehouse/refresh-loop.ts';
import { adoptRules } from '../warehouse/rules-store.ts';
import type { ScoringStatus } from '../warehouse/scoring-status.ts';
import { adoptViewSettings } from '../warehouse/view-settings.ts';
import type { VitalSigns } from '../warehouse/vital-signs.ts';
import { watchVitalSigns } from '../warehouse/vital-signs-loop.ts';
import { buildCommit } from './build-commit.ts';
import { seedActiveTypes } from './event-type-rows.ts';
import { UsageError, WorkError } from './exit-status.ts';
import { flowLog } from './flow/log.ts';
import type { Invocation } from './invocation.ts';
import { openKafka } from './kafka.ts';
import type { OpenKafka } from './kafka.ts';
import { packageVersion } from './package-version.ts';
import { startStretch } from './processing-stretch.ts';
import { configuredRegistry, openStream } from './registry.ts';
import { STREAMS } from './streams.ts';
import { viewSettings } from './view-settings.ts';
import { openMigratedWarehouse } from './warehouse.ts';
import type { Warehouse } from './warehouse.ts';

/** Between two looks at growth and at ClickHouse itself, at most. */
const LONGEST_LOOK_INTERVAL_MS = 15_000;

export interface ProcessorRun {
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  readonly logger: Logger;
}

/** A processor at work, and all that it stands on. */
export interface RunningProcessor {
  readonly warehouse: Warehouse;
  readonly kafka: OpenKafka;
  readonly metrics: Metrics;
  readonly rules: Rules;
  /** Where the HTTP port is bound, such as http://127.0.0.1:8080. */
  readonly url: string;
}

/**
 * Runs until what is done meanwhile has ended, or until the signal where that is nothing. Rejects when
 * it cannot start, or cannot go on.
 */
export async function runProcessor(
  { configuration, invocation, logger }: ProcessorRun,
  meanwhile?: (running: RunningProcessor) => Promise<void>,
): Promise<void> {
  const { http, rules: wanted } = configuration;
  const version = packageVersion();
  const registry = configuredRegistry(configuration);
  const streams = streamsByTopic(configuration);
  // Asked for before it is there.
  const running: {
    consumer?: RunningConsumer;
    marts?: readonly MartState[];
    balances?: BalanceCounts;
    scoring?: readonly ScoringStatus[];
    checks?: readonly CheckStatus[];
    signs?: VitalSigns;
    clickhouseAnswers?: boolean;
  } = {};
  const partitions = () => running.consumer?.lag() ?? [];
  const views = () => running.marts ?? [];
  const balances = () => running.balances;
  const scoring = () => running.scoring ?? [];
  const checks = () => running.checks ?? [];
  const growth = () => running.signs?.growth ?? [];
  const clickhouse = () =>
    running.clickhouseAnswers === undefined
      ? undefined
      : { answers: running.clickhouseAnswers, parts: running.signs?.parts ?? [] };
  const metrics = new Metrics({
    version,
    commit: buildCommit(),
    partitions,
    views,
    balances,
    scoring,
    checks,
    growth,
    clickhouse,
  });

  await using warehouse = await openMigratedWarehouse(configuration, invocation);
  await using server = await startHttpServer({
    port: http.port,
    host: http.host,
    ...(http.token === undefined ? {} : { token: http.token }),
    version,
    metrics,
    partitions,
    ...(registry instanceof LocalRegistry ? { registry } : {}),
    warehouse: warehouse.client,
    pingWarehouse: () => ping(warehouse),
    problems: () => {
      const missing = running.consumer?.missingTopics() ?? [];
      // Where no streams are named, those are meant that there are.
      const tolerated = configuration.streams.names === undefined && missing.length < streams.size;
      return tolerated ? [] : missing.map((topic) => `topic ${topic} is missing`);
    },
  });
  await using kafkaSide = await openKafka(configuration, invocation, logger);
  const { kafka } = kafkaSide;
  if (wanted.activeEventTypes !== undefined) {
    await seedActiveTypes(warehouse.client, wanted.activeEventTypes);
  }
  let rules = await adoptRules(warehouse.client, wanted);
  await adoptViewSettings(warehouse.client, viewSettings(configuration));
  await using _refreshing = startRefreshing({
    client: warehouse.client,
    intervalMs: configuration.refresh.intervalSeconds * 1000,
    onStates: (marts, counts, models, found) => {
      for (const { mart, error } of marts) if (error !== null) logger.error({ mart }, error);
      running.marts = marts;
      running.balances = counts;
      running.scoring = models;
      running.checks = found;
    },
    onError: (error) => logger.warn({ err: error }, 'the marts could not be refreshed'),
  });

  await using _watching = watchVitalSigns({
    client: warehouse.client,
    intervalMs: Math.min(configuration.refresh.intervalSeconds * 1000, LONGEST_LOOK_INTERVAL_MS),
    onLook: (answers, signs) => {
      running.clickhouseAnswers = answers;
      if (signs !== undefined) running.signs = signs;
    },
  });

  await using deadLetters = new KafkaDeadLetters({
    kafka,
    logger,
    topicOf: (name) => [...streams].find(([, stream]) => stream.name === name)![0],
  });
  using flow = flowLog({
    logger,
    observer: metrics,
    partitions: () => running.consumer?.lag() ?? [],
  });
  const started: { meanwhile?: Promise<void> } = {};
  try {
    for (;;) {
      await using stretch = await startStretch({
        client: warehouse.client,
        configuration,
        rules,
        logger,
        deadLetters,
        schemas: registry,
        observer: flow.observer,
        startConsumer: (processor) =>
          startConsumer({ configuration, logger }, kafka, processor, streams),
      });
      logger.info(
        {
          version,
          clickhouse: masked(warehouse.url, 'password'),
          kafka: kafkaSide.brokers,
          topics: [...streams.keys()],
          group: configuration.kafka.groupId,
          rulesEpoch: rules.epoch,
          http: server.url,
        },
        'processing starts',
      );
      running.consumer = stretch.consumer;
      if (meanwhile !== undefined) {
        const { url } = server;
        started.meanwhile ??= meanwhile({ warehouse, kafka: kafkaSide, metrics, rules, url });
      }
      const outcome = await Promise.race([
        (started.meanwhile ?? aborted(invocation.signal)).then(() => 'done' as const),
        stretch.rulesChanged,
        endedByItself('ClickHouse', warehouse),
        endedByItself('Kafka broker', kafkaSide),
      ]);
      if (outcome === 'done') break;
      logger.info(
        'fewer things are to be kept from now on: processing starts again under new rules',
      );
      await stretch[Symbol.asyncDispose]();
      rules = await adoptRules(warehouse.client, wanted);
    }
    logger.info('stopping: what was read is stored first');
  } finally {
    // Whoever does something meanwhile has the same signal; its fault was told by the race above.
    await started.meanwhile?.catch(() => {});
  }
  logger.info('stopped');
}

/** Throws a UsageError when two streams have one topic. */
function streamsByTopic(configuration: Configuration): ReadonlyMap<string, Stream> {
  const { topics, streams } = configuration;
  const chosen = STREAMS.filter(({ name }) => streams.names?.includes(name) ?? true);
  const byTopic = new Map<string, Stream>();
  for (const facts of chosen) {
    const topic = topics[facts.topic];
    const other = byTopic.get(topic);
    if (other !== undefined) {
      throw new UsageError(
        `${other.name} and ${facts.name} have one topic, ${topic}: give each a topic of its own (KAFKA_TOPIC_…)`,
      );
    }
    byTopic.set(topic, openStream(configuration, facts));
  }
  return byTopic;
}

function startConsumer(
  { configuration: { kafka: settings }, logger }: Pick<ProcessorRun, 'configuration' | 'logger'>,
  kafka: Kafka,
  processor: Processor,
  streams: ReadonlyMap<string, Stream>,
): Promise<RunningConsumer> {
  return runKafkaConsumer({
    kafka,
    logger,
    groupId: settings.groupId,
    topics: [...streams.keys()],
    sessionTimeoutMs: settings.sessionTimeoutMs,
    maxBytesPerPartition: settings.fetchBytesPerPartition,
    maxBytes: settings.fetchBytes,
    maxWaitMs: settings.fetchWaitMs,
    createProcessor: ({ topic, name }, { onCommitted, onFailure }) =>
      processor.assign(streams.get(topic)!, {
        log: name,
        onCommitted: ({ nextOffset }) => onCommitted(nextOffset),
        onFailure,
      }),
  });
}

async function ping({ client }: Warehouse): Promise<void> {
  const answer = await client.ping({ select: true });
  if (!answer.success) throw answer.error;
}

async function endedByItself(
  what: string,
  { exited }: { readonly exited: Promise<void> },
): Promise<never> {
  await exited;
  throw new WorkError(
    `the embedded ${what} has ended: with the command that had started it, or by itself ` +
      '(then its log in the data folder says why); start again',
  );
}

/** Resolves when the signal is given. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
