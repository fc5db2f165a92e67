/** In: files of rows. Out: their records in a topic, in Confluent's wire format, and a summary. */
import type { Kafka } from 'kafkajs';
import type { Configuration } from '../../config/configuration.ts';
import { recordSchema } from '../../decode/record-schema.ts';
import { wirePrefix } from '../../decode/wire-prefix.ts';
import { NO_MAPPING, readMapping } from '../../sources/file/mapping.ts';
import type { Mapping } from '../../sources/file/mapping.ts';
import { openRows } from '../../sources/file/open-rows.ts';
import type { FileFormat } from '../../sources/file/open-rows.ts';
import { RowEncoder } from '../../sources/file/row-encoder.ts';
import type { RowTarget } from '../../sources/file/row-plan.ts';
import type { RowFile } from '../../sources/file/row-file.ts';
import { TopicProducer } from '../../sources/kafka/topic-producer.ts';
import { FaultTally } from '../cold/fault-tally.ts';
import type { Invocation } from '../invocation.ts';
import { say } from '../invocation.ts';
import { openKafka } from '../kafka.ts';
import { commandLogger } from '../logger.ts';
import { ProgressLine } from '../progress.ts';
import { configuredRegistry, schemaOf } from '../registry.ts';
import type { StreamFacts } from '../streams.ts';
import { TopicSender } from './topic-sender.ts';

export interface ProduceOptions {
  readonly files: readonly string[];
  readonly format: FileFormat | undefined;
  /** Path of the mapping. */
  readonly map: string | undefined;
  readonly stream: StreamFacts;
  readonly partitions: number;
  readonly rate: number | undefined;
  readonly configuration: Configuration;
  readonly invocation: Invocation;
}

export interface ProduceSummary {
  readonly topic: string;
  readonly rows_read: number;
  readonly sent: number;
  readonly not_encodable: number;
  /** Rows that were not sent, by why. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Looks at all files and the mapping before the first row is sent. */
export async function produceFiles(options: ProduceOptions): Promise<ProduceSummary> {
  const { configuration, invocation, stream } = options;
  const topic = configuration.topics[stream.topic];
  const mapping = options.map === undefined ? NO_MAPPING : await readMapping(options.map);
  const schema = schemaOf(configuration, stream.name);
  const target: RowTarget = {
    stream: stream.name,
    fields: recordSchema(JSON.parse(schema) as object).fields,
    key: stream.key,
    hashed: stream.hashed,
    timezone: configuration.rules.timezone,
  };
  for (const path of options.files) await checkFile(path, options, target, mapping);

  const registry = configuredRegistry(configuration);
  const id = await registry.register({ stream: stream.name, topic, schema });
  const prefix = wirePrefix(id);

  await using opened = await openKafka(configuration, invocation, commandLogger(configuration));
  const { kafka, brokers, embedded } = opened;
  if (embedded) say(invocation, `sending to the embedded Kafka broker at ${brokers.join(', ')}`);
  await createTopic(kafka, topic, options);
  await using producer = await TopicProducer.open(kafka, topic);
  return await send(options, { topic, target, mapping, prefix, producer });
}

interface Sending {
  readonly topic: string;
  readonly target: RowTarget;
  readonly mapping: Mapping;
  readonly prefix: Buffer;
  readonly producer: TopicProducer;
}

async function send(options: ProduceOptions, sending: Sending): Promise<ProduceSummary> {
  const { invocation, files, rate } = options;
  const { topic, producer } = sending;
  const { signal } = invocation;
  const faults = new FaultTally(invocation);
  const progress = new ProgressLine(invocation, 'produce');
  let rows = 0;
  let path = '';
  const sender = new TopicSender({
    producer,
    rate,
    signal,
    onTooLarge: (row) =>
      faults.add(path, row, {
        code: 'too_large_for_broker',
        detail: 'the record is larger than the brokers allow',
      }),
  });
  try {
    for (const [at, file] of files.entries()) {
      path = file;
      await using rowFile = await openRows(file, options.format);
      const encoder = new RowEncoder(sending.target, sending.mapping, rowFile, sending.prefix);
      for await (const group of rowFile.rows()) {
        for (const row of group) {
          const encoded = encoder.encode(row);
          if (encoded.kind === 'left_out') continue;
          rows++;
          if (encoded.kind === 'fault') faults.add(path, row.number, encoded.fault);
          else sender.add(encoded.key, encoded.value, row.number);
          if (sender.full) await sender.flush();
        }
        signal.throwIfAborted();
        progress.tell({ rows, fraction: (at + fractionOf(rowFile)) / files.length });
      }
    }
    await sender.end();
  } catch (error) {
    await sender.settled();
    progress.end();
    say(invocation, `${sender.sent} records were sent to ${topic} before it stopped`);
    throw error;
  }
  progress.end();
  return {
    topic,
    rows_read: rows,
    sent: sender.sent,
    not_encodable: faults.total,
    reasons: faults.byCode(),
    seconds: Number(progress.seconds.toFixed(3)),
  };
}

function fractionOf(file: RowFile): number {
  const { bytes, of } = file.progress();
  return of === 0 ? 1 : bytes / of;
}

/** Throws a FileError when the file or the mapping is wrong. */
async function checkFile(
  path: string,
  { format, invocation }: ProduceOptions,
  target: RowTarget,
  mapping: Mapping,
): Promise<void> {
  await using file = await openRows(path, format);
  const { unused } = new RowEncoder(target, mapping, file, Buffer.alloc(0));
  if (unused.length > 0) say(invocation, `${path}: nothing takes the columns ${unused.join(', ')}`);
}

async function createTopic(
  kafka: Kafka,
  topic: string,
  { partitions, stream, invocation }: ProduceOptions,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    if ((await admin.listTopics()).includes(topic)) return;
    const created = await admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          numPartitions: partitions,
          // The brokers' default.
          replicationFactor: -1,
          configEntries: stream.compacted ? [{ name: 'cleanup.policy', value: 'compact' }] : [],
        },
      ],
    });
    if (created) say(invocation, `created topic ${topic} with ${partitions} partitions`);
  } finally {
    await admin.disconnect();
  }
}
