import type { Admin } from 'kafkajs';

export interface NewTopic {
  readonly partitions: number;
  /** -1 takes the brokers' default. Default -1. */
  readonly replicationFactor?: number;
}

/** Creates a topic unless it exists. True when it was created; an existing one stays as it is. */
export async function createTopicIfMissing(
  admin: Admin,
  topic: string,
  { partitions, replicationFactor = -1 }: NewTopic,
): Promise<boolean> {
  if ((await admin.listTopics()).includes(topic)) return false;
  return admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: partitions, replicationFactor }],
  });
}
