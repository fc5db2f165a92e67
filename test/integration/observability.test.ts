/** What `run` says of itself over HTTP while it works, while ClickHouse is away, and afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import type { EmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin } from '../support/kafka.ts';
import { at, message } from './events.ts';
import type { KafkaSide } from './world.ts';
import { PATIENCE_MS } from './run-process.ts';
import { freshWorld, kafkaSide } from './world.ts';

describe.skipIf(kafkaOrigin() === undefined)('run over HTTP', { timeout: 90_000 }, () => {
  let kafka: KafkaSide;
  let dataDir: string;
  let server: EmbeddedClickHouse;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-observed-'));
    [kafka, server] = await Promise.all([kafkaSide(), startEmbeddedClickHouse({ dataDir })]);
  });
  afterAll(async () => {
    await server.close();
    await kafka[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('metrics and health say what is so, through an outage of ClickHouse that loses nothing', async () => {
    const topic = await kafka.topic({ partitions: 1 });
    await using world = await freshWorld({ kafka, clickhouse: server.url, topic });
    const begun = Date.now() / 1000;
    const processor = await world.run();
    const health = async (path: string) => {
      const response = await fetch(processor.url + path).catch(() => undefined);
      if (response === undefined) return { status: 0, reasons: [] };
      const { reasons } = (await response.json()) as { reasons: string[] };
      return { status: response.status, reasons };
    };
    const outcome = (name: string, reason = '') =>
      processor.metric(
        `tidemark_events_total{stream="app-events",outcome="${name}",reason="${reason}"}`,
      );
    const ofPartition = (name: string) =>
      processor.metric(`tidemark_${name}{topic="${topic}",partition="0"}`);
    const becomes = (name: string, wanted: number) =>
      eventually(
        `${name} is ${wanted}`,
        async () => (await ofPartition(name)) === wanted,
        PATIENCE_MS,
      );

    await kafka.send(topic, [
      ...visits(0, 50),
      ...visits(0, 5),
      { key: 'k', value: 'no event' },
      ...visits(-6_000, -5_999),
    ]);
    await world.caughtUp();
    await becomes('consumer_lag_events', 0);
    expect(await outcome('accepted')).toBe(50);
    expect(await outcome('duplicate')).toBe(5);
    expect(await outcome('late')).toBe(1);
    expect(await outcome('invalid', 'not_confluent_avro')).toBe(1);
    expect(await processor.metric('tidemark_events_total{')).toBe(57);
    expect(await ofPartition('consumer_lag_seconds')).toBe(0);
    expect(await ofPartition('watermark_timestamp_seconds')).toBe(minute(49) / 1e6);
    expect(await ofPartition('last_commit_timestamp_seconds')).toBeGreaterThanOrEqual(begun);
    expect(await ofPartition('last_commit_timestamp_seconds')).toBeLessThanOrEqual(
      Date.now() / 1000,
    );
    expect(await processor.metric('tidemark_insert_rows_total{table="events_rows"}')).toBe(50);
    expect(await processor.metric('tidemark_insert_duration_seconds_count')).toBeGreaterThan(0);
    expect(await processor.metric('tidemark_event_lateness_seconds_count')).toBe(1);
    expect(await processor.metric('tidemark_cached_user_days')).toBeGreaterThanOrEqual(7);
    expect(await processor.metric('tidemark_user_day_loads_total')).toBe(0);
    expect(await processor.metric('tidemark_retries_total')).toBeUndefined();
    expect(await processor.metric('tidemark_build_info{')).toBe(1);
    expect(await health('/livez')).toEqual({ status: 200, reasons: [] });
    expect(await health('/readyz')).toEqual({ status: 200, reasons: [] });

    const { port } = new URL(server.url);
    await server.close();
    await kafka.send(topic, visits(50, 80));
    await becomes('consumer_lag_events', 30);
    await eventually('it says that it is not ready', async () => {
      const { status, reasons } = await health('/readyz');
      return status === 503 && reasons.some((reason) => reason.startsWith('ClickHouse cannot be'));
    });
    await eventually('it tries again', async () => {
      return ((await processor.metric('tidemark_retries_total{')) ?? 0) > 0;
    });
    expect(await ofPartition('consumer_lag_seconds')).toBeGreaterThan(0);
    expect(await outcome('accepted')).toBe(50);
    expect((await health('/livez')).status).toBe(200);

    server = await startEmbeddedClickHouse({ dataDir, port: Number(port) });
    await becomes('consumer_lag_events', 0);
    expect(await ofPartition('consumer_lag_seconds')).toBe(0);
    expect(await outcome('accepted')).toBe(80);
    await eventually('it is ready', async () => (await health('/readyz')).status === 200);
    expect(await world.counts()).toMatchObject({ accepted: 80, duplicate: 5, late: 1, invalid: 1 });
    expect(await world.rows('SELECT sum(events) AS events FROM user_days')).toEqual([
      { events: 80 },
    ]);
    expect((await processor.stop()).status).toBe(0);
  });
});

const minute = (number: number) => at('2026-03-01T08:00:00Z') + number * 60_000_000;

function visits(from: number, to: number) {
  return Array.from({ length: to - from }, (_, i) =>
    message({
      event_id: `event-${from + i}`,
      user_id: `user-${Math.abs(from + i) % 7}`,
      event_type: 'page_view',
      event_time: minute(from + i),
    }),
  );
}
