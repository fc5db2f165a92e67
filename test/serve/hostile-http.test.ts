/** Whatever comes to the HTTP port: it is answered or its connection is closed, and others are served. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LocalRegistry } from '../../src/decode/local-registry.ts';
import { BUNDLED_SCHEMAS } from '../../src/decode/schema-folder.ts';
import { startHttpServer } from '../../src/serve/http-server.ts';
import type { HttpServer } from '../../src/serve/http-server.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { chanceOf } from '../hostile/random.ts';
import { seed } from '../support/seed.ts';

const MIB = 2 ** 20;
const chance = chanceOf(seed);
let folder: string;
let server: HttpServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-hostile-http-'));
  const registry = new LocalRegistry({ schemas: BUNDLED_SCHEMAS, registered: folder, topics: {} });
  server = await startHttpServer({
    port: 0,
    version: '0',
    metrics: new Metrics({ version: '0', commit: '0', partitions: () => [] }),
    partitions: () => [],
    pingWarehouse: () => Promise.resolve(),
    registry,
  });
});
afterEach(async () => {
  expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
  expect((await fetch(`${server.url}/registry/subjects`)).status).toBe(200);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Sends bytes as they are; resolves with the status of the answer, or null when there is none. */
async function raw(...pieces: (string | Buffer)[]): Promise<number | null> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const piece of pieces) if (socket.writable) socket.write(piece);
  socket.end();
  const parts: Buffer[] = [];
  try {
    for await (const part of socket as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    // Closed while we were still sending: that is an answer too.
  }
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(Buffer.concat(parts).toString('latin1'))?.[1];
  return status === undefined ? null : Number(status);
}

const get = (path: string, headers = '') =>
  raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
const post = (path: string, body: string | Buffer, type = 'application/json') =>
  raw(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    body,
  );

describe('requests that are none', () => {
  test.each([
    ['random bytes', () => raw(chance.bytes(3_000))],
    ['a start of TLS', () => raw(Buffer.from('160301020001000001fc0303', 'hex'))],
    ['no version', () => raw('GET /\r\n\r\n')],
    ['an unknown method', () => raw('BREW / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['headers of a megabyte', () => get('/', `X: ${'x'.repeat(MIB)}\r\n`)],
    ['ten thousand headers', () => get('/', 'X: x\r\n'.repeat(10_000))],
    ['an address of a megabyte', () => get(`/${'x'.repeat(MIB)}`)],
    ['a line feed in a header', () => get('/', 'X: a\nb: c\r\n : d\r\n')],
    ['two lengths', () => get('/', 'Content-Length: 1\r\nContent-Length: 2\r\n')],
    ['a length below zero', () => get('/', 'Content-Length: -1\r\n')],
    ['a length and pieces', () => get('/', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
    ['no host', () => raw('GET / HTTP/1.1\r\n\r\n')],
  ])('%s: refused or closed', async (_what, send) => {
    const status = await send();
    expect(status === null || (status >= 400 && status < 500)).toBe(true);
  });

  test('half a request holds nobody up', async () => {
    const sockets = Array.from({ length: 50 }, () => connect(server.port, '127.0.0.1'));
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.write(
        'POST /registry/subjects/x/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{',
      );
    }
    expect(await get('/livez')).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

describe('addresses', () => {
  test.each([
    '/../../../../etc/passwd',
    '/registry/../../etc/passwd',
    '/registry/subjects/..%2f..%2f..%2fetc%2fpasswd/versions',
    '/registry/subjects/%2e%2e/versions/latest',
    '/registry/subjects/%00/versions',
    '/registry/subjects/__proto__/versions',
    '/registry/subjects/constructor/versions/latest',
    '/registry/schemas/ids/1e400',
    '/registry/schemas/ids/-1',
    '/registry/schemas/ids/0x1',
    '/registry/schemas/ids/1/../../../../nothing',
    '/%',
    '/%zz%ff',
    '//metrics//',
    'http://elsewhere.example/metrics/no',
    '*',
    '/registry/config/__proto__',
  ])('%s leads nowhere', async (path) => {
    const status = await get(path);
    expect(status === null || (status >= 400 && status < 500)).toBe(true);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT'])(
    '%s changes nothing',
    async (method) => {
      for (const path of ['/', '/metrics', '/readyz', '/registry/subjects/app-events-value']) {
        const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
        const status = await raw(request);
        expect(status === null || (status >= 400 && status < 500)).toBe(true);
      }
    },
  );
});

describe('bodies for the registry', () => {
  const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
  const schemas: readonly [string, string | Buffer][] = [
    ['nothing', ''],
    ['half of it', '{"schema":'],
    ['no object', '[]'],
    ['null', 'null'],
    ['a number', '{"schema":1}'],
    ['another type', '{"schema":"{}","schemaType":"PROTOBUF"}'],
    ['references', '{"schema":"\\"int\\"","references":[{"name":"x"}]}'],
    ['bytes that are no text', chance.bytes(500)],
    ['a JSON that is deep', DEEP],
    ['a schema that is deep', JSON.stringify({ schema: DEEP })],
    [
      'a deep default',
      JSON.stringify({
        schema: `{"type":"record","name":"R","fields":[{"name":"f","type":"int","default":${DEEP}}]}`,
      }),
    ],
    ['a deep doc', JSON.stringify({ schema: `{"type":"string","doc":${DEEP}}` })],
    ['a name of a prototype', '{"schema":"\\"__proto__\\""}'],
    [
      'a schema within itself',
      JSON.stringify({ schema: '{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}' }),
    ],
    ['fifty megabytes', `{"schema":"${'x'.repeat(50 * MIB)}"}`],
  ];
  const paths = [
    '/registry/subjects/app-events-value/versions',
    '/registry/subjects/app-events-value',
    '/registry/compatibility/subjects/app-events-value/versions/latest',
    '/registry/config',
  ];

  test.each(schemas)('%s is refused in words', async (_what, body) => {
    for (const path of paths) {
      const status = await post(path, body);
      expect(status === null || (status >= 400 && status < 500) || status === 200).toBe(true);
    }
    const versions = await fetch(`${server.url}/registry/subjects/app-events-value/versions`);
    expect(await versions.json()).toEqual([1]);
  });
});
