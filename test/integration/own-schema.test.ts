/** Producers that are not ours: their own schemas, the registry over HTTP, everything embedded. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import avro from 'avsc';
import { Kafka, logLevel } from '../support/plain-kafkajs.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findEmbeddedBroker } from '../../src/embedded/broker/broker.ts';
import { tidemark } from '../cli/tidemark.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENCE_MS, startProcessor } from './run-process.ts';
import type { Processor } from './run-process.ts';

const TOPIC = 'app-events';
const NOON = Date.UTC(2026, 2, 1, 12) * 1000;
/** Fewer fields than the stream's, in another order, and one that it does not know. */
const OWN = JSON.stringify({
  type: 'record',
  name: 'AppEvent',
  namespace: 'dev.tidemark',
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'event_type', type: 'string' },
    { name: 'event_time', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'event_id', type: 'string' },
    { name: 'build', type: 'int', default: 0 },
  ],
});

const python = process.env['PYTHON'] ?? 'python3';
const withoutPython =
  spawnSync(python, ['-c', 'import confluent_kafka.schema_registry.avro']).status !== 0;
if (withoutPython) {
  process.stderr.write(
    'SKIPPED: a producer in Python with a stock serializer; it takes ' +
      '`pip install "confluent-kafka[avro,schemaregistry]"` (PYTHON names the interpreter)\n',
  );
}

describe('a producer with a schema of its own', { timeout: 2 * PATIENCE_MS }, () => {
  let dataDir: string;
  let processor: Processor;
  let broker: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-own-schema-'));
    processor = await startProcessor({ TIDEMARK_DATA_DIR: dataDir });
    await processor.meanwhile(
      eventually(
        'the processor runs',
        async () => (await processor.metric('tidemark_build_info')) === 1,
        PATIENCE_MS,
      ),
    );
    await processor.meanwhile(
      eventually(
        'its broker is there',
        async () => (await findEmbeddedBroker(dataDir)) !== undefined,
        PATIENCE_MS,
      ),
    );
    broker = (await findEmbeddedBroker(dataDir))!.brokers[0]!;
  }, 2 * PATIENCE_MS);
  afterAll(async () => {
    await processor.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const answer = async (query: string) =>
    (await tidemark(['sql', query, '--data-dir', dataDir])).stdout.trim();
  const accepted = (user: string, events: number) =>
    processor.meanwhile(
      eventually(
        `${events} events of ${user}`,
        async () =>
          (await answer(`SELECT sum(events) FROM user_days WHERE user_id = '${user}'`)) ===
          String(events),
        PATIENCE_MS,
      ),
    );

  test('kafkajs and avsc: registered over HTTP, its records are events', async () => {
    const response = await fetch(`${processor.url}/registry/subjects/${TOPIC}-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schema: OWN }),
    });
    const { id } = (await response.json()) as { id: number };
    expect(id).toBe(100_001);
    const type = avro.Type.forSchema(JSON.parse(OWN) as avro.Schema);
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    const messages = [0, 1, 2].map((at) => ({
      key: 'u1',
      value: Buffer.concat([
        header,
        type.toBuffer({
          user_id: 'u1',
          event_type: 'page_view',
          event_time: NOON + at,
          event_id: `e${at}`,
          build: 7,
        }),
      ]),
    }));
    const producer = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic: TOPIC, messages });
    await producer.disconnect();
    await accepted('u1', 3);
    expect(await answer('SELECT count() FROM rejected_events')).toBe('0');
  });

  test.skipIf(withoutPython)(
    'librdkafka and its stock serializer in Python: likewise',
    async () => {
      const script = `
import sys
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import SerializationContext, MessageField
broker, url, topic, schema, noon = sys.argv[1:]
serialize = AvroSerializer(SchemaRegistryClient({"url": url}), schema.replace("build", "release"))
producer = Producer({"bootstrap.servers": broker})
for at in range(5):
    event = {"user_id": "p1", "event_type": "like", "event_time": int(noon) + at, "event_id": f"p{at}", "release": 1}
    producer.produce(topic, key="p1", value=serialize(event, SerializationContext(topic, MessageField.VALUE)))
assert producer.flush(30) == 0
`;
      const registry = `${processor.url}/registry`;
      await promisify(execFile)(python, ['-c', script, broker, registry, TOPIC, OWN, String(NOON)]);
      await accepted('p1', 5);
      expect(await answer('SELECT count() FROM rejected_events')).toBe('0');
    },
  );
});
