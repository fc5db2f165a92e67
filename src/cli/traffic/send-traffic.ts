/** In: traffic. Out: a topic that holds it, in the order in which its producers sent it. */
import type { Kafka } from 'kafkajs';
import { createTopicIfMissing } from '../../sources/kafka/topics.ts';
import { TopicProducer } from '../../sources/kafka/topic-producer.ts';
import { TrafficEncoder } from '../../traffic/traffic.ts';
import type { Traffic } from '../../traffic/traffic.ts';
import { WorkError } from '../exit-status.ts';
import { TopicSender } from './topic-sender.ts';

export interface SendTrafficOptions {
  readonly kafka: Kafka;
  /** Has to be there, with as many partitions as the traffic was made for. */
  readonly topic: string;
  readonly traffic: Traffic;
  /** Of the stream's schema in the registry, which goes before each event. */
  readonly schemaId: number;
  /** Records a second at most; as fast as the brokers take them when left out. */
  readonly rate?: number | undefined;
  readonly signal: AbortSignal;
  /** How many records the brokers have acknowledged. */
  readonly onProgress?: (sent: number) => void;
}

/**
 * Resolves when all is acknowledged. One request at a time: what is expected of the records depends on
 * their order within a partition. Rejects when a send fails or the signal is given, once nothing is
 * under way any more; `onProgress` was then told last what the topic holds.
 */
export async function sendTraffic(options: SendTrafficOptions): Promise<number> {
  const { kafka, topic, traffic, schemaId, rate, signal, onProgress } = options;
  await using producer = await TopicProducer.open(kafka, topic);
  const sender = new TopicSender({
    producer,
    rate,
    signal,
    sendsAtATime: 1,
    onTooLarge: (record) => {
      throw new WorkError(
        `the brokers refuse record ${record} as too large: raise max.message.bytes of ${topic}`,
      );
    },
  });
  const encoder = new TrafficEncoder(schemaId);
  let number = 0;
  try {
    for (const record of traffic) {
      sender.add(record.key, encoder.value(record), ++number);
      if (!sender.full) continue;
      signal.throwIfAborted();
      await sender.flush();
      onProgress?.(sender.sent);
    }
    await sender.end();
  } finally {
    await sender.settled();
    onProgress?.(sender.sent);
  }
  return sender.sent;
}

/** Creates the topic when it is missing; one that is there keeps the partitions that it has. */
export async function topicWithPartitions(
  kafka: Kafka,
  topic: string,
  wanted: number,
): Promise<{ readonly created: boolean; readonly partitions: number }> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const created = await createTopicIfMissing(admin, topic, { partitions: wanted });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return { created, partitions: topics[0]!.partitions.length };
  } finally {
    await admin.disconnect();
  }
}
