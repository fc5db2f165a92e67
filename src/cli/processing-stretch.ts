/**
 * Processing under one set of rules. In: rules, and all that a processor stands on. Out: records in the
 * tables, until other rules are to be taken up.
 */
import { once } from 'node:events';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';
import { RulesOutdatedError } from '../processor/errors.ts';
import { Processor } from '../processor/processor.ts';
import type { ProcessorOptions } from '../processor/processor.ts';
import type { RunningConsumer } from '../sources/kafka/kafka-consumer.ts';
import { ClickHouseStore } from '../warehouse/clickhouse-store.ts';
import { onlyKeepLess, readNewestRules } from '../warehouse/rules-store.ts';
import { watchRules } from '../warehouse/rules-watch.ts';
import { announceProcessor } from '../warehouse/running-processors.ts';

export interface StretchOptions extends Pick<
  ProcessorOptions,
  'rules' | 'deadLetters' | 'schemas' | 'observer'
> {
  readonly client: ClickHouseClient;
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly startConsumer: (processor: Processor) => Promise<RunningConsumer>;
}

export interface Stretch extends AsyncDisposable {
  readonly consumer: RunningConsumer;
  /**
   * Resolves when there are newer rules that keep less and are the same otherwise. Rejects when
   * processing cannot go on.
   */
  readonly rulesChanged: Promise<'changed'>;
}

/** Disposing of it stores what was read first. */
export async function startStretch(options: StretchOptions): Promise<Stretch> {
  const { client, configuration, rules, logger, deadLetters, schemas, observer } = options;
  const { processor: limits, refresh } = configuration;
  const open: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
  };
  const fatal = new AbortController();
  try {
    open.push(await announceProcessor(client, rules.epoch));
    const watch = watchRules({
      client,
      rules,
      intervalMs: refresh.intervalSeconds * 1000,
      retentionDays: refresh.eventsRetentionDays,
      onDropped: (months) => logger.info({ months }, 'raw events of these months were let go'),
      onError: (error) => logger.warn({ err: error }, 'it is not known what is to be kept'),
    });
    open.push(watch);
    const processor = new Processor({
      rules,
      store: new ClickHouseStore(client),
      schemas,
      deadLetters,
      observer,
      limits: {
        pendingRows: limits.maxPendingRows,
        pendingBytes: limits.maxPendingBytes,
        cachedUserDays: limits.maxCachedUserDays,
      },
      commitIntervalMs: limits.commitIntervalMs,
      warn: (message, details) => logger.warn(details, message),
      onFatal: (error) => fatal.abort(error),
    });
    open.push(processor);
    const consumer = await options.startConsumer(processor);
    open.push({ [Symbol.asyncDispose]: () => consumer.settleAndStop() });
    const rulesChanged = untilChanged(options, [
      once(watch.changed, 'abort'),
      once(fatal.signal, 'abort').then(() => fatal.signal.throwIfAborted()),
      consumer.failed,
    ]);
    // It may fail when nobody listens any more.
    rulesChanged.catch(() => {});
    return { consumer, rulesChanged, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilChanged(
  { client, rules }: StretchOptions,
  ends: readonly Promise<unknown>[],
): Promise<'changed'> {
  try {
    await Promise.race(ends);
  } catch (error) {
    // Another processor was quicker to take them up.
    const newest = error instanceof RulesOutdatedError ? await readNewestRules(client) : undefined;
    if (newest === undefined || !onlyKeepLess(rules, newest)) throw error;
  }
  return 'changed';
}
