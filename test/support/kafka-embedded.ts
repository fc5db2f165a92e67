/** The embedded broker in place of a real Kafka: a child process of its own that can be killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedBroker } from '../../src/embedded/broker/broker.ts';
import type { RealKafka } from './kafka.ts';

export async function embeddedKafka(): Promise<RealKafka> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-broker-'));
  let broker = await startEmbeddedBroker({ dataDir });
  const { port, brokers } = broker;
  return {
    brokers,
    get pid() {
      return broker.pid;
    },
    // It has no other end than a crash.
    stop: () => broker.close(),
    kill9: () => broker.close(),
    restart: async () => {
      broker = await startEmbeddedBroker({ dataDir, port });
    },
    [Symbol.asyncDispose]: async () => {
      await broker.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
