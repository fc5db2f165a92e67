import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import avro from 'avsc';
import { expect, onTestFinished, test } from 'vitest';
import { httpRegistry } from '../../src/decode/http-registry.ts';
import { LocalRegistry } from '../../src/decode/local-registry.ts';
import { BUNDLED_SCHEMAS, readSchemaFolder } from '../../src/decode/schema-folder.ts';
import { startHttpServer } from '../../src/serve/http-server.ts';
import { Metrics } from '../../src/serve/metrics.ts';

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
const APP_EVENT = readSchemaFolder(BUNDLED_SCHEMAS).latest('app-events').schema;
const SUBJECT = 'app-events-value';
const INT = '{"type":"int"}';
const LONG = '{"type":"long"}';

test('schemas are found by subject, version and id', async () => {
  const { get } = await serving();
  expect(await get('/subjects')).toMatchObject({
    status: 200,
    type: MEDIA_TYPE,
    body: expect.arrayContaining([SUBJECT, 'orders-value']) as unknown,
  });
  expect((await get(`/subjects/${SUBJECT}/versions`)).body).toEqual([1]);
  const first = { subject: SUBJECT, version: 1, id: 1, schema: APP_EVENT };
  expect((await get(`/subjects/${SUBJECT}/versions/1`)).body).toEqual(first);
  expect((await get(`/subjects/${SUBJECT}/versions/latest`)).body).toEqual(first);
  expect((await get(`/subjects/${SUBJECT}/versions/1/schema`)).body).toEqual(JSON.parse(APP_EVENT));
  expect((await get('/schemas/ids/1?subject=x')).body).toEqual({ schema: APP_EVENT });
  expect((await get('/schemas/types')).body).toEqual(['AVRO']);
  expect((await get('')).body).toEqual({});
});

test('a schema is registered once, looked up, and has one id under all subjects', async () => {
  const { get, post } = await serving();
  expect((await post(`/subjects/${SUBJECT}/versions`, { schema: APP_EVENT })).body).toEqual({
    id: 1,
  });
  expect((await post('/subjects/a%2Fb/versions', { schema: INT })).body).toEqual({ id: 100_001 });
  expect((await post('/subjects/c/versions', { schema: INT })).body).toEqual({ id: 100_001 });
  expect((await post('/subjects/c/versions', { schema: LONG })).body).toEqual({ id: 100_002 });
  expect((await post('/subjects/c', { schema: LONG, schemaType: 'AVRO' })).body).toEqual({
    subject: 'c',
    version: 2,
    id: 100_002,
    schema: LONG,
  });
  expect((await get('/subjects/c/versions')).body).toEqual([1, 2]);
  expect((await get('/subjects/a%2Fb/versions')).body).toEqual([1]);
});

test.each([
  ['GET', '/subjects/none/versions', undefined, 404, 40401],
  ['GET', `/subjects/${SUBJECT}/versions/2`, undefined, 404, 40402],
  ['GET', `/subjects/${SUBJECT}/versions/first`, undefined, 422, 42202],
  ['GET', '/schemas/ids/99', undefined, 404, 40403],
  ['GET', '/schemas/ids/one', undefined, 404, 40403],
  ['GET', '/nowhere', undefined, 404, 404],
  ['DELETE', `/subjects/${SUBJECT}`, undefined, 404, 404],
  ['GET', `/config/${SUBJECT}`, undefined, 404, 40408],
  ['POST', '/subjects/none', { schema: INT }, 404, 40401],
  ['POST', `/subjects/${SUBJECT}`, { schema: INT }, 404, 40403],
  ['POST', `/subjects/${SUBJECT}/versions`, { schema: INT }, 409, 409],
  ['POST', '/subjects/s/versions', { schema: '{"type":"nothing"}' }, 422, 42201],
  [
    'POST',
    '/subjects/s/versions',
    { schema: 'syntax = "proto3";', schemaType: 'PROTOBUF' },
    422,
    42201,
  ],
  ['POST', '/subjects/s/versions', { schema: INT, references: [{ name: 'x' }] }, 422, 42201],
  ['POST', '/subjects/s/versions', {}, 422, 42201],
  ['POST', '/compatibility/subjects/none/versions/latest', { schema: INT }, 404, 40401],
  ['POST', `/compatibility/subjects/${SUBJECT}/versions/9`, { schema: INT }, 404, 40402],
  ['PUT', '/config', { compatibility: 'SIDEWAYS' }, 422, 42203],
] as const)('%s %s %j answers %i with the code %i', async (method, path, body, status, code) => {
  const { ask } = await serving();
  const answer = await ask(method, path, body);
  expect(answer).toMatchObject({ status, type: MEDIA_TYPE, body: { error_code: code } });
  expect((answer.body as { message: string }).message).not.toBe('');
});

test('a refusal says which field is in the way', async () => {
  const { post } = await serving();
  const schema = APP_EVENT.replace('"user_id"', '"user"');
  const { status, body } = await post(`/subjects/${SUBJECT}/versions`, { schema });
  expect({ status, body }).toMatchObject({
    status: 409,
    body: { message: expect.stringContaining("user_id: not in the writer's schema") as string },
  });
});

test('compatibility is judged against one version or all, and the level can be changed', async () => {
  const { get, post, ask } = await serving();
  for (const schema of [INT, LONG]) await post('/subjects/s/versions', { schema });
  const judged = async (version: string) =>
    (await post(`/compatibility/subjects/s/versions${version}`, { schema: '{"type":"double"}' }))
      .body;
  expect(await judged('/latest')).toEqual({ is_compatible: true });
  expect((await get('/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
  expect((await ask('PUT', '/config/s', { compatibility: 'FORWARD_TRANSITIVE' })).body).toEqual({
    compatibility: 'FORWARD_TRANSITIVE',
  });
  expect((await get('/config/s')).body).toEqual({ compatibilityLevel: 'FORWARD_TRANSITIVE' });
  expect((await get('/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
  expect((await get('/config/t?defaultToGlobal=true')).body).toEqual({
    compatibilityLevel: 'BACKWARD',
  });
  expect(await judged('/1?verbose=true')).toMatchObject({
    is_compatible: false,
    messages: [expect.stringContaining('cannot read what the new schema writes') as string],
  });
  expect(await judged('')).toEqual({ is_compatible: false });
});

test('a web page of another origin cannot write, and a body may not be endless or broken', async () => {
  const { url } = await serving();
  const send = async (type: string, body: string) =>
    (
      await fetch(`${url}/subjects/s/versions`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      })
    ).status;
  const body = JSON.stringify({ schema: INT });
  expect(await send('text/plain', body)).toBe(415);
  expect(await send('application/x-www-form-urlencoded', body)).toBe(415);
  expect(await send('application/json', body.slice(1))).toBe(400);
  expect(await send('application/json', `{"schema":"${'x'.repeat(1024 * 1024)}"}`)).toBe(413);
  expect(await send('application/json; charset=utf-8', body)).toBe(200);
});

test('with a token the registry asks for it, as Basic password too', async () => {
  const { url } = await serving({ token: 'secret-token' });
  const refused = await fetch(`${url}/subjects`);
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error_code: 40101 });
  const registry = httpRegistry({ url: url.replace('://', '://any:secret-token@') });
  expect(await registry.schema(1)).toBe(APP_EVENT);
});

test('the registry’s own client finds, registers, judges and lists what it serves', async () => {
  const { url } = await serving();
  const registry = httpRegistry({ url });
  expect(await registry.register({ stream: 's', topic: 's', schema: INT })).toBe(100_001);
  expect(await registry.schema(100_001)).toBe(INT);
  expect(await registry.versions('s-value')).toEqual([
    { subject: 's-value', version: 1, id: 100_001, schema: INT },
  ]);
  expect(await registry.versions('none')).toEqual([]);
  expect(await registry.refusals('s-value', LONG)).toEqual([]);
  expect(await registry.refusals('none', LONG)).toEqual([]);
  expect(await registry.refusals(SUBJECT, LONG)).toEqual([
    expect.stringContaining('cannot read its records'),
    expect.stringContaining('cannot read what version 1 wrote'),
  ]);
  await expect(
    registry.register({ stream: 'app-events', topic: 'app-events', schema: INT }),
  ).rejects.toMatchObject({ code: 'schema_refused' });
});

/** A stock serializer, its own schema of an app event, and the bytes that it makes of one. */
const PYTHON = `
import json, sys
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer, AvroDeserializer
from confluent_kafka.serialization import SerializationContext, MessageField
client = SchemaRegistryClient({"url": sys.argv[1]})
schema = json.dumps({"type": "record", "name": "AppEvent", "namespace": "dev.tidemark", "fields": [
  {"name": "event_id", "type": "string"}, {"name": "user_id", "type": "string"},
  {"name": "event_type", "type": "string"}, {"name": "build", "type": "int", "default": 0},
  {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}}]})
context = SerializationContext("app-events", MessageField.VALUE)
event = {"event_id": "e1", "user_id": "u1", "event_type": "page_view", "build": 7, "event_time": 5000000}
value = AvroSerializer(client, schema)(event, context)
back = AvroDeserializer(client)(value, context)
assert back["build"] == 7, back
print(value.hex())
`;
const python = process.env['PYTHON'] ?? 'python3';
const withoutPython =
  spawnSync(python, ['-c', 'import confluent_kafka.schema_registry.avro']).status !== 0;
if (withoutPython) {
  process.stderr.write(
    'SKIPPED: a stock serializer of Python against the registry; it takes ' +
      '`pip install "confluent-kafka[avro,schemaregistry]"` (PYTHON names the interpreter)\n',
  );
}

test.skipIf(withoutPython)(
  'a stock serializer of Python registers its schema and is decoded',
  async () => {
    const { url, registry } = await serving();
    const { stdout } = await promisify(execFile)(python, ['-c', PYTHON, url]);
    const value = Buffer.from(stdout.trim(), 'hex');
    expect(value.readInt32BE(1)).toBe(100_001);
    const writer = avro.Type.forSchema(
      JSON.parse((await registry.schema(100_001))!) as avro.Schema,
    );
    expect(writer.fromBuffer(value.subarray(5))).toMatchObject({ user_id: 'u1', build: 7 });
    expect((await registry.versions(SUBJECT)).map(({ id }) => id)).toEqual([1, 100_001]);
  },
);

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

async function serving({ token }: { token?: string } = {}): Promise<{
  url: string;
  registry: LocalRegistry;
  ask: (method: string, path: string, body?: object) => Promise<Answer>;
  get: (path: string) => Promise<Answer>;
  post: (path: string, body: object) => Promise<Answer>;
}> {
  const registered = mkdtempSync(join(tmpdir(), 'registry-'));
  const registry = new LocalRegistry({ schemas: BUNDLED_SCHEMAS, registered, topics: {} });
  const partitions = () => [];
  const server = await startHttpServer({
    port: 0,
    version: '1.2.3',
    ...(token === undefined ? {} : { token }),
    metrics: new Metrics({ version: '1.2.3', commit: 'abc', partitions }),
    partitions,
    pingWarehouse: () => Promise.resolve(),
    registry,
  });
  onTestFinished(async () => {
    await server.close();
    rmSync(registered, { recursive: true });
  });
  const url = `${server.url}/registry`;
  const ask = async (method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': MEDIA_TYPE },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type');
    return { status: response.status, type, body: await response.json() };
  };
  return {
    url,
    registry,
    ask,
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
  };
}
