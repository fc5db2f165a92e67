/** Without KAFKA_BROKERS: everything in the data folder, the broker too. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findEmbeddedBroker } from '../../src/embedded/broker/broker.ts';
import { eventually } from '../support/eventually.ts';
import { start, tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const PRODUCE = ['produce', FIXTURE, '--stream', 'app-events', '--map', MAPPING];

let dataDir: string;
let environment: Record<string, string>;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-embedded-'));
  environment = { TIDEMARK_DATA_DIR: dataDir, HTTP_PORT: '0', LOOKBACK_DAYS: '3' };
});
afterAll(() => rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));

interface Status {
  readonly sources: readonly { readonly lag: number | null; readonly accepted: number }[];
  readonly kafka: string;
}

test('produce leaves its records in the folder, run finds them there, and both can use one broker', async () => {
  expect((await tidemark(PRODUCE, environment)).status).toBe(0);
  expect(await findEmbeddedBroker(dataDir)).toBeUndefined();

  const running = start(['run'], environment);
  await eventually(
    'a broker and a ClickHouse',
    async () => (await findEmbeddedBroker(dataDir)) !== undefined,
    60_000,
  );
  const status = async () =>
    JSON.parse((await tidemark(['status', '--json'], environment)).stdout) as Status;
  const accepted = async () =>
    (await status()).sources.reduce((sum, source) => sum + source.accepted, 0);
  await eventually('all is accepted', async () => (await accepted()) === 200, 60_000);
  expect((await tidemark(PRODUCE, environment)).status).toBe(0);
  expect((await status()).kafka).toBe('reached');
  await eventually('nothing is left', async () =>
    (await status()).sources.every(({ lag }) => lag === 0),
  );
  running.process.kill('SIGTERM');
  expect((await running.ended).status).toBe(0);
  expect(await findEmbeddedBroker(dataDir)).toBeUndefined();
}, 120_000);

test('status starts no broker, and says why it knows no lag', async () => {
  const { stderr } = await tidemark(['status'], environment);
  expect(stderr).toContain('KAFKA_BROKERS is not set, and no embedded broker is running');
  expect(await findEmbeddedBroker(dataDir)).toBeUndefined();
});

test('a KAFKA_PORT that is taken ends with 2 and is named', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const { status, stderr } = await tidemark(PRODUCE, { ...environment, KAFKA_PORT: `${port}` });
  taken.close();
  expect(stderr).toContain(`port ${port} is taken by another program: set KAFKA_PORT`);
  expect(status).toBe(2);
});
