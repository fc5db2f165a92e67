/** Secrets are in every setting that has one; no command, and no processor, ever says them. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { embeddedKafka } from '../support/kafka-embedded.ts';
import type { RealKafka } from '../support/kafka.ts';
import { PATIENCE_MS, startProcessor } from '../integration/run-process.ts';
import { tidemark } from './tidemark.ts';

const SECRET = 'hunter2-open-sesame';
/** As it may have been encoded on the way: in a URL, or for basic authentication. */
const FORMS = [SECRET, Buffer.from(`user:${SECRET}`).toString('base64')];

let folder: string;
let kafka: RealKafka;
let clickhouse: TestClickHouse;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-secrets-'));
  [clickhouse, kafka] = await Promise.all([testClickHouse(), embeddedKafka()]);
});
afterAll(async () => {
  await kafka[Symbol.asyncDispose]();
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

function expectNoSecret(from: string, text: string): void {
  for (const form of FORMS) expect([from, text.includes(form)]).toEqual([from, false]);
}

const withPassword = (url: string): string => {
  const { host, pathname } = new URL(url);
  return `http://user:${SECRET}@${host}${pathname}`;
};

test('commands that are let in nowhere say what is wrong, and no secret', async () => {
  const environment = {
    TIDEMARK_DATA_DIR: folder,
    CLICKHOUSE_URL: withPassword(inject('clickhouse')),
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'user',
    KAFKA_SASL_PASSWORD: SECRET,
    SCHEMA_REGISTRY_URL: `http://user:${SECRET}@127.0.0.1:9`,
    HTTP_PORT: '0',
    HTTP_TOKEN: SECRET,
  };
  for (const command of [
    ['config'],
    ['config', '--json'],
    ['migrate'],
    ['status'],
    ['check'],
    ['refresh'],
    ['run'],
    ['forget', 'somebody'],
    ['sql', 'SELECT 1'],
    ['dead-letters', 'list'],
    ['schemas', 'check'],
  ]) {
    const { status, stdout, stderr } = await tidemark(command, environment);
    expect([command, status === 0]).toEqual([command, command[0] === 'config']);
    expect(stdout + stderr).not.toBe('');
    expectNoSecret(command.join(' '), stdout + stderr);
  }
}, 120_000);

test('a processor with secrets in its settings logs at every level, and none of them', async () => {
  const authorizations: (string | undefined)[] = [];
  const registry = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    response.writeHead(500).end('{}');
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const { port } = registry.address() as AddressInfo;
  const environment = {
    TIDEMARK_DATA_DIR: folder,
    CLICKHOUSE_URL: clickhouse.url,
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_TOPIC_APP_EVENTS: 'secrets',
    HTTP_TOKEN: SECRET,
  };
  const generated = await tidemark(['generate', '--events', '50', '--seed', '1'], environment);
  expect(generated.status).toBe(0);
  const processor = await startProcessor({
    ...environment,
    LOG_LEVEL: 'trace',
    SCHEMA_REGISTRY_URL: `http://user:${SECRET}@127.0.0.1:${port}`,
  });
  try {
    await processor.meanwhile(
      eventually('the registry was asked', () => authorizations.length > 2, PATIENCE_MS),
    );
    const said = await Promise.all(
      ['/metrics', '/readyz', '/livez', '/'].map(async (path) =>
        (await fetch(processor.url + path)).text(),
      ),
    );
    expectNoSecret('HTTP', said.join('\n'));
  } finally {
    const { stderr, stdout } = await processor.kill9();
    registry.close();
    expect(authorizations[0]).toBe(`Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`);
    expect(stderr).toContain('"level":10');
    expectNoSecret('run', stdout + stderr);
  }
}, 120_000);
