import { expect, test } from 'vitest';
import { httpRegistry } from '../../src/decode/http-registry.ts';
import { RegistryError } from '../../src/decode/registry-port.ts';
import { IncompatibleSchemaError, resolveWriter } from '../../src/decode/writer-resolution.ts';
import { json, registryServer } from './registry-server.ts';

const SCHEMA = '{"type":"record","name":"E","fields":[]}';
const READER = { type: 'record', name: 'E', fields: [] };
const NOT_FOUND = { error_code: 40403, message: 'Schema not found' };

test('a schema is asked for once, however many ask for it at the same time', async () => {
  await using server = await registryServer((_, response) =>
    json(response, 200, { schema: SCHEMA }),
  );
  const registry = httpRegistry({ url: server.url });
  const answers = await Promise.all([registry.schema(7), registry.schema(7), registry.schema(7)]);
  expect(answers).toEqual([SCHEMA, SCHEMA, SCHEMA]);
  expect(await registry.schema(7)).toBe(SCHEMA);
  expect(server.requests).toEqual(['GET /schemas/ids/7']);
});

test('an unknown id is undefined, believed for half a minute and then asked for again', async () => {
  await using server = await registryServer((_, response) => json(response, 404, NOT_FOUND));
  let now = 1_000_000;
  const registry = httpRegistry({ url: server.url, now: () => now });
  expect(await registry.schema(9)).toBeUndefined();
  now += 29_999;
  expect(await registry.schema(9)).toBeUndefined();
  expect(server.requests).toHaveLength(1);
  now += 1;
  server.answer = (_, response) => json(response, 200, { schema: SCHEMA });
  expect(await registry.schema(9)).toBe(SCHEMA);
  expect(server.requests).toHaveLength(2);
});

test('a path and credentials in the address are used, and the password is not repeated', async () => {
  await using server = await registryServer((_, response) => json(response, 500, { message: 'x' }));
  const url = server.url.replace('http://', 'http://me:s%40cret@');
  const failure = await failureOf(httpRegistry({ url: `${url}/api/ccompat/v7/` }).schema(1));
  expect(server.requests).toEqual(['GET /api/ccompat/v7/schemas/ids/1']);
  expect(server.authorizations).toEqual([`Basic ${Buffer.from('me:s@cret').toString('base64')}`]);
  expect(failure.message).not.toContain('cret');
});

test('credentials given apart win over those in the address', async () => {
  await using server = await registryServer((_, response) =>
    json(response, 200, { schema: SCHEMA }),
  );
  const url = server.url.replace('http://', 'http://a:b@');
  await httpRegistry({ url, credentials: { username: 'c', password: 'd' } }).schema(1);
  expect(server.authorizations).toEqual([`Basic ${Buffer.from('c:d').toString('base64')}`]);
});

test.each([
  ['an error of its own', 500, '{"error_code":50001,"message":"store down"}', /500: store down/],
  ['a 404 that is not about the id', 404, '<html>no such page</html>', /404: not a JSON object/],
  ['a 404 of another code', 404, '{"error_code":404,"message":"HTTP 404 Not Found"}', /404/],
  ['garbage', 200, 'welcome', /without a schema/],
  ['a cut answer', 200, '{"schema": "{', /without a schema/],
  ['an answer that is null', 200, 'null', /without a schema/],
  ['too many requests', 429, '{}', /429/],
])(
  '%s says nothing about the id: it is an error to retry, and nothing is remembered',
  async (_, status, body, message) => {
    await using server = await registryServer((_request, response) => {
      response.writeHead(status).end(body);
    });
    const registry = httpRegistry({ url: server.url });
    const failure = await failureOf(registry.schema(3));
    expect(failure).toMatchObject({ code: 'registry_unavailable', retryable: true });
    expect(failure.message).toMatch(message);
    server.answer = (_request, response) => json(response, 200, { schema: SCHEMA });
    expect(await registry.schema(3)).toBe(SCHEMA);
  },
);

test('a registry that refuses the credentials says what to check', async () => {
  await using server = await registryServer((_, response) =>
    json(response, 401, { message: 'who?' }),
  );
  const failure = await failureOf(httpRegistry({ url: server.url }).schema(3));
  expect(failure).toMatchObject({ code: 'registry_forbidden', retryable: true });
  expect(failure.message).toMatch(/401: who\?.*SCHEMA_REGISTRY_URL/);
});

test('a registry that is down is an error to retry', async () => {
  const server = await registryServer(() => {});
  await server[Symbol.asyncDispose]();
  const failure = await failureOf(httpRegistry({ url: server.url }).schema(3));
  expect(failure).toMatchObject({ code: 'registry_unavailable', retryable: true });
  expect(failure.message).toContain('ECONNREFUSED');
});

test.each([
  ['never answers', () => {}],
  [
    'stops in the middle of its answer',
    (_: unknown, response: { write(chunk: string): void }) => response.write('{"schema":'),
  ],
])('a registry that %s is given up after the time-out', async (_, answer) => {
  await using server = await registryServer(answer);
  const registry = httpRegistry({ url: server.url, timeoutMs: 50 });
  expect(await failureOf(registry.schema(3))).toMatchObject({
    code: 'registry_unavailable',
    retryable: true,
  });
});

test('a schema in pieces, or one that is not Avro, ends as incompatible, not as an error for ever', async () => {
  const pieces = '{"type":"record","name":"E","fields":[{"name":"x","type":"other.Piece"}]}';
  const proto = 'syntax = "proto3"; message E { string x = 1; }';
  const jsonSchema = '{"type":"object","properties":{"x":{"type":"string"}}}';
  for (const answer of [
    { schema: pieces, references: [{ name: 'other.Piece', subject: 'b', version: 1 }] },
    { schema: proto, schemaType: 'PROTOBUF' },
    { schema: jsonSchema, schemaType: 'JSON' },
  ]) {
    await using server = await registryServer((_, response) => json(response, 200, answer));
    const schema = await httpRegistry({ url: server.url }).schema(3);
    expect(() => resolveWriter(schema ?? '', READER)).toThrow(IncompatibleSchemaError);
  }
});

test('an id below zero is unknown without asking', async () => {
  await using server = await registryServer(() => {});
  expect(await httpRegistry({ url: server.url }).schema(-1)).toBeUndefined();
  expect(server.requests).toEqual([]);
});

test('a producer registers its schema under the topic and gets the id', async () => {
  await using server = await registryServer((_, response) => json(response, 200, { id: 41 }));
  const registry = httpRegistry({ url: server.url });
  const id = await registry.register({ stream: 'app-events', topic: 'my events', schema: SCHEMA });
  expect(id).toBe(41);
  expect(server.requests).toEqual(['POST /subjects/my%20events-value/versions']);
  expect(JSON.parse(server.bodies[0] ?? '')).toEqual({ schema: SCHEMA });
  server.answer = (_, response) => json(response, 409, { message: 'not backward compatible' });
  const failure = await failureOf(registry.register({ stream: 's', topic: 't', schema: SCHEMA }));
  expect(failure).toMatchObject({ code: 'schema_refused', retryable: false });
  expect(failure.message).toContain('not backward compatible');
});

test('an address that is none is refused without repeating it', () => {
  expect(() => httpRegistry({ url: 'user:hush@host' })).toThrow(
    'SCHEMA_REGISTRY_URL must be an http:// or https:// address',
  );
});

async function failureOf(answer: Promise<unknown>): Promise<RegistryError> {
  const failure = await answer.then(
    (value) => new Error(`answered ${String(value)}`),
    (error: unknown) => error,
  );
  if (failure instanceof RegistryError) return failure;
  throw new Error('not a registry error', { cause: failure });
}
