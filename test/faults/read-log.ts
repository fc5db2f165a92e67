/** In: a topic. Out: all records that it holds now, by partition, in the order of their offsets. */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from '../support/plain-kafkajs.ts';
import type { KafkaMessage } from 'kafkajs';
import { eventually } from '../support/eventually.ts';
import type { LogRecord } from '../simulation/log.ts';
import type { KafkaSide } from '../integration/world.ts';
import { truthOf } from './log-record.ts';

const PATIENCE_MS = 60_000;

export interface PartitionRecords<T> {
  readonly partition: number;
  /** The offset after the last record. */
  readonly end: number;
  readonly records: T[];
}

export async function readLog(
  kafka: KafkaSide,
  topic: string,
): Promise<PartitionRecords<LogRecord>[]> {
  const partitions = await readMessages(kafka, topic);
  return partitions.map(({ records, ...rest }) => ({ ...rest, records: records.map(logRecord) }));
}

function logRecord({ offset, timestamp, key, value }: KafkaMessage): LogRecord {
  const time = Number(timestamp);
  const truth = truthOf(value);
  return { offset: Number(offset), time, key, value, headers: [], fault: null, truth };
}

export async function readMessages(
  kafka: KafkaSide,
  topic: string,
): Promise<PartitionRecords<KafkaMessage>[]> {
  const offsets = await kafka.admin.fetchTopicOffsets(topic);
  const partitions = offsets.map(({ partition, low, high }) => ({
    partition,
    next: Number(low),
    end: Number(high),
    records: [] as KafkaMessage[],
  }));
  const complete = () => partitions.every(({ next, end }) => next >= end);
  if (complete()) return partitions;
  const reader = new Kafka({ brokers: [...kafka.broker.brokers], logLevel: logLevel.NOTHING });
  const consumer = reader.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch: { partition, messages } }) => {
        const into = partitions.find((one) => one.partition === partition);
        for (const message of messages) {
          const offset = Number(message.offset);
          if (into === undefined || offset < into.next || offset >= into.end) continue;
          into.next = offset + 1;
          into.records.push(message);
        }
        return Promise.resolve();
      },
    });
    await eventually(`all of ${topic} is read`, complete, PATIENCE_MS);
  } finally {
    await consumer.disconnect();
  }
  return partitions;
}
