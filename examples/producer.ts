/**
 * A producer of app events with kafkajs and avsc: npx tsx examples/producer.ts [BROKER] [REGISTRY]
 * against a running `npx tidemark up`, which prints both addresses.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { Kafka } from 'kafkajs';

const [broker = 'localhost:9092', registry = 'http://127.0.0.1:8080/registry'] =
  process.argv.slice(2);
const schema = readFileSync(new URL('../schemas/app-event.avsc', import.meta.url), 'utf8');
const type = avro.Type.forSchema(JSON.parse(schema) as avro.Schema);

// The registry gives the schema an id, which goes before every value.
const answer = await fetch(`${registry}/subjects/app-events-value/versions`, {
  method: 'POST',
  headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
  body: JSON.stringify({ schema }),
});
if (!answer.ok) throw new Error(`the registry answered ${answer.status}: ${await answer.text()}`);
const { id } = (await answer.json()) as { id: number };
const prefix = Buffer.alloc(5);
prefix.writeUInt32BE(id, 1);

const producer = new Kafka({ brokers: [broker] }).producer();
await producer.connect();
const user = randomUUID();
const event = {
  event_id: randomUUID(),
  user_id: user,
  event_type: 'page_view',
  event_time: Date.now() * 1000,
  platform: 'web',
  utm_source: 'google',
  country: 'BR',
  transaction_category: null,
  miles_amount: null,
  producer_session_id: null,
  page_url: 'https://shop.example/offers',
  product_id: null,
  order_id: null,
  plan_id: null,
  feature: null,
  properties: { campaign: 'spring' },
};
await producer.send({
  topic: 'app-events',
  // Keyed by user: then all events of a user are in one partition, in order.
  messages: [{ key: user, value: Buffer.concat([prefix, type.toBuffer(event)]) }],
});
await producer.disconnect();
console.log(`sent one event of user ${user}`);
