/** In: the database, and Kafka where it answers. Out: how far each source is, and what became of its records. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../config/configuration.ts';
import { Refresher } from '../warehouse/refresher.ts';
import { isoRowsOf } from './iso-rows.ts';
import { findKafka } from './kafka.ts';
import { commandLogger } from './logger.ts';

export interface SourceStatus {
  readonly stream: string;
  readonly source: string;
  readonly next_offset: number;
  /** Records in Kafka that are not processed yet; null when it is not known. */
  readonly lag: number | null;
  /** Largest accepted event time, UTC; null before the first. */
  readonly watermark: string | null;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  readonly skipped: number;
  readonly last_record_time: string | null;
  readonly updated_at: string;
}

export interface RejectedCount {
  readonly stream: string;
  readonly outcome: string;
  readonly reason: string;
  readonly records: number;
}

export interface ViewStatus {
  /** A stored table. */
  readonly view: string;
  /** How long ago it was last known to be up to date; null = never. */
  readonly age_seconds: number | null;
  /** Why its last refresh failed; null = it did not. */
  readonly error: string | null;
}

export interface Status {
  readonly sources: readonly SourceStatus[];
  readonly rejected: readonly RejectedCount[];
  readonly views: readonly ViewStatus[];
  readonly user_days: number;
  readonly users: number;
  /** `reached`, or why the lag is not known. */
  readonly kafka: string;
}

const SOURCES = `
SELECT
    stream,
    source,
    next_offset,
    watermark,
    accepted,
    duplicate,
    late,
    future,
    invalid,
    skipped,
    last_record_time,
    updated_at
FROM source_progress
ORDER BY stream, source`;

const REJECTED = `
SELECT
    stream,
    outcome,
    reason,
    count() AS records
FROM rejected_events
GROUP BY stream, outcome, reason
ORDER BY records DESC, stream, outcome, reason`;

const USER_DAYS = 'SELECT count() AS user_days, uniqExact(user_id) AS users FROM user_days';

export async function readStatus(
  client: ClickHouseClient,
  configuration: Configuration,
): Promise<Status> {
  const [sources, rejected, totals, views] = await Promise.all([
    rowsOf<Omit<SourceStatus, 'lag'>>(client, SOURCES),
    rowsOf<RejectedCount>(client, REJECTED),
    rowsOf<{ user_days: number; users: number }>(client, USER_DAYS),
    viewsOf(client),
  ]);
  const topics = new Set(sources.map(({ source }) => logOf(source)?.topic ?? ''));
  const ends = await logEnds(configuration, topics);
  const lags = lagBySource(sources, ends.offsets);
  return {
    sources: sources.map((source) => ({ ...source, lag: lags.get(source) ?? null })),
    rejected,
    views,
    user_days: totals[0]?.user_days ?? 0,
    users: totals[0]?.users ?? 0,
    kafka: ends.problem ?? 'reached',
  };
}

async function viewsOf(client: ClickHouseClient): Promise<ViewStatus[]> {
  const states = await (await Refresher.open(client)).states();
  return states.map(({ mart, age, error }) => ({
    view: mart,
    age_seconds: age === null ? null : age / 1000,
    error,
  }));
}

function rowsOf<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  return isoRowsOf<T>(client, { doing: 'read the status', query });
}

/** `topic/partition`, or `topic/partition@N` for the N-th log under that name; undefined for a file. */
function logOf(source: string): { topic: string; log: string; generation: number } | undefined {
  const match = /^([^/:]+)\/(\d+)(?:@(\d+))?$/.exec(source);
  if (match === null) return undefined;
  const [, topic = '', partition = '', generation = '1'] = match;
  return { topic, log: `${topic}/${partition}`, generation: Number(generation) };
}

/** What is left to read of each log, by the source that reads it: the newest one under its name. */
function lagBySource(
  sources: readonly Omit<SourceStatus, 'lag'>[],
  ends: ReadonlyMap<string, number>,
): ReadonlyMap<object, number> {
  const newest = new Map<string, { generation: number; source: Omit<SourceStatus, 'lag'> }>();
  for (const source of sources) {
    const { log, generation } = logOf(source.source) ?? { log: '', generation: 0 };
    if (generation > (newest.get(log)?.generation ?? 0)) newest.set(log, { generation, source });
  }
  const lags = new Map<object, number>();
  for (const [log, { source }] of newest) {
    const end = ends.get(log);
    if (end !== undefined) lags.set(source, Math.max(0, end - source.next_offset));
  }
  return lags;
}

interface LogEnds {
  /** By `topic/partition`: the offset after the last record. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly problem: string | null;
}

async function logEnds(
  configuration: Configuration,
  topics: ReadonlySet<string>,
): Promise<LogEnds> {
  const offsets = new Map<string, number>();
  try {
    await using opened = await findKafka(configuration, commandLogger(configuration));
    if (opened === undefined) {
      const problem = 'KAFKA_BROKERS is not set, and no embedded broker is running';
      return { offsets, problem };
    }
    const admin = opened.kafka.admin({ retry: { retries: 1 } });
    try {
      await admin.connect();
      const existing = (await admin.listTopics()).filter((topic) => topics.has(topic));
      for (const topic of existing) {
        for (const { partition, high } of await admin.fetchTopicOffsets(topic)) {
          offsets.set(`${topic}/${partition}`, Number(high));
        }
      }
      return { offsets, problem: null };
    } finally {
      await admin.disconnect();
    }
  } catch (error) {
    return { offsets, problem: error instanceof Error ? error.message : String(error) };
  }
}
