/** In: traffic. Out: a topic that holds it, in uncompressed record batches of about 800 kB. */
import { Kafka, logLevel, type Message } from 'kafkajs';
import type { TrafficRecord } from './traffic.ts';

const RECORDS_PER_BATCH = 3_500;

export async function createTopic(broker: string, topic: string, partitions: number) {
  const admin = client(broker).admin();
  await admin.connect();
  try {
    await admin.createTopics({
      waitForLeaders: true,
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
    });
  } finally {
    await admin.disconnect();
  }
}

export async function fillTopic(
  broker: string,
  topic: string,
  partitions: number,
  records: Iterable<TrafficRecord>,
): Promise<void> {
  const producer = client(broker).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    const pending = Array.from({ length: partitions }, (): Message[] => []);
    const send = async (partition: number) => {
      const messages = pending[partition] ?? [];
      pending[partition] = [];
      if (messages.length > 0) await producer.send({ topic, acks: 1, messages });
    };
    for (const { partition, key, value } of records) {
      const messages = pending[partition]!;
      messages.push({ key, value, partition });
      if (messages.length >= RECORDS_PER_BATCH) await send(partition);
    }
    for (let partition = 0; partition < partitions; partition++) await send(partition);
  } finally {
    await producer.disconnect();
  }
}

export function client(broker: string): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [broker], logLevel: logLevel.ERROR });
}
