import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import type { EmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin, sharedKafka } from '../support/kafka.ts';
import type { RealKafka } from '../support/kafka.ts';
import { start, tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));

describe.skipIf(kafkaOrigin() === undefined)('run', { timeout: 120_000 }, () => {
  let kafka: RealKafka;
  let dataDir: string;
  let server: EmbeddedClickHouse;
  let environment: Record<string, string>;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-run-'));
    [kafka, server] = await Promise.all([sharedKafka(), startEmbeddedClickHouse({ dataDir })]);
    environment = {
      TIDEMARK_DATA_DIR: dataDir,
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_TOPIC_APP_EVENTS: `events-${randomUUID()}`,
      KAFKA_GROUP_ID: randomUUID(),
      LOOKBACK_DAYS: '3',
      ACTIVE_EVENT_TYPES: 'checkout,gift_sent',
      HTTP_PORT: '0',
    };
  });
  afterAll(async () => {
    await server.close();
    await kafka[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  const produce = () =>
    tidemark(['produce', FIXTURE, '--stream', 'app-events', '--map', MAPPING], environment);
  const answer = async (query: string) =>
    (await tidemark(['sql', query], environment)).stdout.trim();
  const counts = () => answer('SELECT sum(accepted), sum(duplicate) FROM source_progress');

  test('what produce sends arrives once, a clean stop ends with 0, and a repeat adds nothing', async () => {
    expect((await produce()).status).toBe(0);
    const first = start(['run'], environment);
    await eventually('all is accepted', async () => (await counts()) === '200\t0', 60_000);
    const userDays = await answer('SELECT * EXCEPT updated_at FROM user_days ORDER BY ALL');
    expect(await answer('SELECT sum(events) FROM user_days')).toBe('200');
    first.process.kill('SIGTERM');
    expect(await first.ended).toMatchObject({ status: 0, stdout: '' });

    expect((await produce()).status).toBe(0);
    const second = start(['run'], environment);
    await eventually('the repeat is counted', async () => (await counts()) === '200\t200', 60_000);
    expect(await answer('SELECT * EXCEPT updated_at FROM user_days ORDER BY ALL')).toBe(userDays);
    const status = await tidemark(['status', '--json'], environment);
    const { sources } = JSON.parse(status.stdout) as { sources: { lag: number }[] };
    expect(sources.map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
    second.process.kill('SIGINT');
    expect((await second.ended).status).toBe(130);
  });

  test('ACTIVE_EVENT_TYPES decides which types of a new catalogue count as activity', async () => {
    const query = 'SELECT event_type FROM event_types FINAL WHERE counts_as_active ORDER BY 1';
    const active = (await answer(query)).split('\n');
    expect(active).toContain('checkout');
    expect(active).toContain('gift_sent');
    expect(active).not.toContain('page_view');
  });

  test('a taken HTTP port ends with 2 and is named', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { status, stderr } = await tidemark(['run'], { ...environment, HTTP_PORT: `${port}` });
    other.close();
    expect(stderr).toContain(`HTTP_PORT ${port} on 127.0.0.1 is taken`);
    expect(status).toBe(2);
  });

  test('a time zone that differs from that of the data ends with 2', async () => {
    const { status, stderr } = await tidemark(['run'], {
      ...environment,
      TIMEZONE: 'Asia/Jakarta',
    });
    const { msg } = JSON.parse(stderr) as { msg: string };
    expect(msg).toContain('TIMEZONE is "Asia/Jakarta", but the days in this database');
    expect(status).toBe(2);
  });
});
