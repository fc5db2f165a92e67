/**
 * In: refused records. Out: they are taken in again by the way that they had come, those of Kafka by
 * Kafka and those of files like files, and what became of each where that is known at once.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { TopicProducer } from '../../sources/kafka/topic-producer.ts';
import { RecordList } from '../../sources/record-list.ts';
import type { RecordBatch } from '../../sources/source.ts';
import { REASONS } from '../../streams/reasons.ts';
import type { Stream } from '../../streams/stream.ts';
import {
  countBySource,
  markReplayed,
  readReplayed,
  readSelected,
  replayedSources,
} from '../../warehouse/rejected-events.ts';
import type { Selection, StreamSource } from '../../warehouse/rejected-events.ts';
import type { ColdRun } from './cold-run.ts';
import { selected } from './dead-letter-filter.ts';
import type { DeadLetterFilter } from './dead-letter-filter.ts';
import { openKafka } from '../kafka.ts';
import { commandLogger } from '../logger.ts';
import { sumOfOutcomes } from './outcome-tally.ts';
import type { Outcomes } from './outcome-tally.ts';
import { openStream } from '../registry.ts';
import { streamNamed } from '../streams.ts';
import type { ColdWork } from './with-cold-run.ts';
import { withColdRun } from './with-cold-run.ts';

export interface ReplayWork extends Omit<ColdWork, 'command'> {
  readonly filter: DeadLetterFilter;
}

export interface Replayed {
  /** Records sent to Kafka again: what becomes of them is counted by whoever reads them there. */
  readonly sent: number;
  /** What became of those that had come from files. */
  readonly files: Outcomes;
  /** Rows that could not be made a record, by reason: only a corrected file helps. */
  readonly not_records: Readonly<Record<string, number>>;
}

const RECORDS_AT_A_TIME = 500;

/** Does nothing twice: what was replayed is marked, and passed over from then on. */
export async function replayDeadLetters(work: ReplayWork): Promise<Replayed> {
  const { configuration } = work;
  const all = waiting(work.filter);
  const selection = recordsOf(all);
  const topicOf = (stream: string): string => configuration.topics[streamNamed(stream).topic];
  const isOfKafka = ({ stream, source }: StreamSource): boolean =>
    isPartitionOf(topicOf(stream), source);
  return withColdRun({ ...work, command: 'dead-letters replay' }, async (run, client) => {
    const counts = await countBySource(client, all);
    const records = counts.filter(({ reason }) => reason in REASONS);
    const sources = records.filter(
      ({ stream, source }, at) =>
        records.findIndex((one) => one.stream === stream && one.source === source) === at,
    );
    const ofKafka = sources.filter(isOfKafka);
    let sent = 0;
    if (ofKafka.length > 0) {
      await using opened = await openKafka(configuration, run, commandLogger(configuration));
      for (const source of ofKafka) {
        await using producer = await TopicProducer.open(opened.kafka, topicOf(source.stream));
        sent += await sendAgain(client, producer, run, source, selection);
      }
    }
    for (const source of sources) {
      if (!isOfKafka(source)) await markReplayed(client, source, selection);
    }
    const files: Outcomes[] = [];
    // Those too that an interrupted run had marked and not taken in.
    for (const source of await replayedSources(client)) {
      if (isOfKafka(source)) continue;
      const stream = openStream(configuration, streamNamed(source.stream));
      files.push(await takeIn(client, run, stream, source));
    }
    const others = counts.filter(({ reason }) => !(reason in REASONS));
    return { sent, files: sumOfOutcomes(files), not_records: sumsByReason(others) };
  });
}

/** Sends first and marks then: what is sent twice because of that counts once. */
async function sendAgain(
  client: ClickHouseClient,
  producer: TopicProducer,
  { signal }: ColdRun,
  source: StreamSource,
  selection: Selection,
): Promise<number> {
  let sent = 0;
  for (let from = 0; ;) {
    signal.throwIfAborted();
    const page = await readSelected(client, source, selection, from, RECORDS_AT_A_TIME);
    if (page.length === 0) return sent;
    await producer.send(page.map(({ key, value }) => ({ key, value })));
    await markReplayed(client, source, {
      query: `SELECT * FROM (${selection.query}) WHERE has({page: Array(UInt64)}, offset)`,
      parameters: { ...selection.parameters, page: page.map(({ offset }) => offset) },
    });
    sent += page.length;
    from = page.at(-1)!.offset + 1;
  }
}

function takeIn(
  client: ClickHouseClient,
  run: ColdRun,
  stream: Stream,
  source: StreamSource,
): Promise<Outcomes> {
  return run.process({
    stream,
    name: `${source.source}#replay`,
    countsEarlier: false,
    read: (line) => replayLog(client, source, line.lastOffset ?? 0),
  });
}

/** The position in the log is the offset, and the record's time that of the replay. */
async function* replayLog(
  client: ClickHouseClient,
  source: StreamSource,
  from: number,
): AsyncGenerator<RecordBatch> {
  let offset = from;
  for await (const records of readReplayed(client, source, from)) {
    const batch = new RecordList(offset);
    for (const { key, value, replayedAt } of records) {
      batch.add({ offset: offset++, time: replayedAt, key, value });
    }
    yield batch;
  }
}

/** Those of the filter that were not replayed yet; late events are applied by another command. */
function waiting(filter: DeadLetterFilter): Selection {
  const { query, parameters } = selected(filter);
  return {
    query: `SELECT * FROM (${query}) WHERE done_at IS NULL AND outcome != 'late'`,
    parameters,
  };
}

/** Those that are records; rows that could not be made one cannot be taken in again as they are. */
function recordsOf({ query, parameters }: Selection): Selection {
  return {
    query: `SELECT * FROM (${query}) WHERE has({of_records: Array(String)}, reason)`,
    parameters: { ...parameters, of_records: Object.keys(REASONS).filter(isKept) },
  };
}

/** Nothing is left of what is of somebody who was forgotten. */
function isKept(reason: string): boolean {
  return reason !== 'user_forgotten';
}

/** `topic/3`, `topic/3@2`. */
function isPartitionOf(topic: string, source: string): boolean {
  return source.startsWith(`${topic}/`) && /^\d+(@\d+)?$/.test(source.slice(topic.length + 1));
}

function sumsByReason(
  counts: readonly { readonly reason: string; readonly count: number }[],
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { reason, count } of counts) sums[reason] = (sums[reason] ?? 0) + count;
  return sums;
}
