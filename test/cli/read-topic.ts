/** In: a topic of a real Kafka. Out: its records, as soon as there are so many. */
import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { pino } from 'pino';
import { runKafkaConsumer } from '../../src/sources/kafka/kafka-consumer.ts';
import type { PartitionProcessorFactory } from '../../src/sources/kafka/partition-processor.ts';
import { eventually } from '../support/eventually.ts';

export interface ReadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
}

export async function readTopic(kafka: Kafka, topic: string, count: number): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  const createProcessor: PartitionProcessorFactory = () => ({
    start: async (readBounds) => (await readBounds()).first,
    push: (batch) => {
      const cursor = batch.records();
      while (cursor.next()) {
        const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
        const key = keyStart < 0 ? null : Buffer.from(bytes.subarray(keyStart, keyEnd));
        records.push({ key, value: Buffer.from(bytes.subarray(valueStart, valueEnd)) });
      }
      return Promise.resolve();
    },
    settle: () => Promise.resolve(),
    abandon: () => {},
  });
  const consumer = await runKafkaConsumer({
    kafka,
    logger: pino({ level: 'silent' }),
    groupId: randomUUID(),
    topics: [topic],
    createProcessor,
  });
  try {
    await eventually(`${count} records in ${topic}`, () => records.length >= count, 60_000);
  } finally {
    await consumer.settleAndStop();
  }
  return records;
}
