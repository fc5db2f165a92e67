import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { AddressUnavailableError, startHttpServer } from '../../src/serve/http-server.ts';
import type { HttpServerOptions } from '../../src/serve/http-server.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import type { PartitionState } from '../../src/serve/partition-state.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import { samples } from './samples.ts';

const NOW = 1_700_000_000_000;
const PARTITION: PartitionState = {
  topic: 'app-events',
  partition: 2,
  end: 50,
  position: 40,
  committed: 40,
  lastFetchAt: NOW,
};
const LINE: ProgressLine = {
  stream: 'app-events',
  source: 'app-events/2',
  nextOffset: 40,
  watermark: 1_699_999_000_000_000,
  accepted: 30,
  duplicate: 10,
  late: 0,
  future: 0,
  invalid: 0,
  skipped: 0,
  countedFrom: 0,
  lastOffset: 39,
  lastRecordTime: NOW - 7_000,
  lastChecksum: 1,
  rulesEpoch: 1,
};

test('metrics show what was reported, in seconds and under the names that are promised', async () => {
  await using served = await serving();
  const { metrics, read } = served;
  metrics.committed('app-events/2', LINE, [
    { outcome: 'accepted', reason: '', count: 30 },
    { outcome: 'invalid', reason: 'time_out_of_range', count: 2 },
  ]);
  metrics.committed('app-events/2', LINE, [{ outcome: 'accepted', reason: '', count: 1 }]);
  metrics.inserted('events_rows', 30, 0.2);
  metrics.retried('insert');
  metrics.loaded(5);
  metrics.cached('app-events/2', 100);
  metrics.cached('app-events/3', 11);
  metrics.cached('app-events/3', 0);
  for (const seconds of [0.5, 3_600, 1e9]) metrics.lateness('app-events', seconds);
  const found = samples(await read('/metrics'));
  const partition = 'partition="2",topic="app-events"';
  expect(found).toMatchObject({
    'tidemark_events_total{outcome="accepted",reason="",stream="app-events"}': 31,
    'tidemark_events_total{outcome="invalid",reason="time_out_of_range",stream="app-events"}': 2,
    [`tidemark_consumer_lag_events{${partition}}`]: 10,
    [`tidemark_consumer_lag_seconds{${partition}}`]: 7,
    [`tidemark_watermark_timestamp_seconds{${partition}}`]: 1_699_999_000,
    [`tidemark_last_commit_timestamp_seconds{${partition}}`]: 1_700_000_000,
    'tidemark_insert_duration_seconds_count{table="events_rows"}': 1,
    'tidemark_insert_duration_seconds_sum{table="events_rows"}': 0.2,
    'tidemark_insert_rows_total{table="events_rows"}': 30,
    'tidemark_retries_total{operation="insert"}': 1,
    tidemark_user_day_loads_total: 5,
    tidemark_cached_user_days: 100,
    'tidemark_build_info{commit="abc",version="1.2.3"}': 1,
    'tidemark_event_lateness_seconds_bucket{le="1"}': 1,
    'tidemark_event_lateness_seconds_bucket{le="3600"}': 2,
    'tidemark_event_lateness_seconds_bucket{le="+Inf"}': 3,
    tidemark_event_lateness_seconds_count: 3,
    tidemark_event_lateness_seconds_sum: 1_000_003_600.5,
  });
  expect(Object.keys(found)).toContain('process_cpu_seconds_total');
});

test('a value that is not known has no sample, and one of a partition given away has none any more', async () => {
  await using served = await serving();
  const { metrics, read } = served;
  const ofPartitions = async (): Promise<string[]> =>
    Object.keys(samples(await read('/metrics'))).filter((name) => name.includes('partition='));
  expect(await ofPartitions()).toEqual([
    'tidemark_consumer_lag_events{partition="2",topic="app-events"}',
  ]);
  metrics.resumed('app-events/2', LINE);
  expect((await ofPartitions()).map((name) => name.replace(/\{.*/, ''))).toEqual([
    'tidemark_consumer_lag_events',
    'tidemark_consumer_lag_seconds',
    'tidemark_watermark_timestamp_seconds',
  ]);
  served.state.partitions = [];
  expect(await ofPartitions()).toEqual([]);
  served.state.partitions = [PARTITION];
  expect(await ofPartitions()).toHaveLength(1);
});

test.skipIf(spawnSync('promtool', ['--version']).error !== undefined)(
  'promtool finds nothing wrong with the metrics',
  async () => {
    await using served = await serving();
    served.metrics.committed('app-events/2', LINE, [{ outcome: 'late', reason: '', count: 1 }]);
    served.metrics.inserted('events_rows', 1, 1);
    served.metrics.retried('load');
    const input = await served.read('/metrics');
    const check = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    const notes = check.stderr.split('\n').filter((line) => line.includes('tidemark'));
    // It takes the days of a user for a unit of time.
    expect(notes.filter((line) => !line.startsWith('tidemark_cached_user_days use base'))).toEqual(
      [],
    );
    expect(check.stderr).not.toContain('error while linting');
  },
);

test('health answers with reasons, and 503 while something is wrong', async () => {
  await using served = await serving({ pingWarehouse: () => Promise.reject(new Error('refused')) });
  const ready = await fetch(`${served.server.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({
    ok: false,
    reasons: ['ClickHouse cannot be reached: refused'],
  });
  const live = await fetch(`${served.server.url}/livez`);
  expect([live.status, await live.json()]).toEqual([200, { ok: true, reasons: [] }]);
});

test('a ClickHouse that does not answer does not keep the answer', async () => {
  await using served = await serving({ pingWarehouse: () => new Promise(() => {}) });
  expect(await served.read('/readyz')).toContain('no answer in 2000 ms');
});

test('the page shows the state, whatever it is made of', async () => {
  await using served = await serving({ problems: () => ['<b>topic</b> missing'] });
  served.metrics.resumed('app-events/2', LINE);
  const page = await served.read('/');
  expect(page).toContain('app-events/2');
  expect(page.replaceAll(/<[^>]*>/g, '')).toContain('2023-11-14 21:56:40');
  expect(page).toContain('&lt;b&gt;topic');
});

test('a token is asked for by everything but health and metrics', async () => {
  await using served = await serving({ token: 'secret-token' });
  const status = async (path: string, authorization?: string): Promise<number> =>
    (
      await fetch(`${served.server.url}${path}`, {
        headers: authorization === undefined ? {} : { authorization },
      })
    ).status;
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
  expect(await Promise.all(['/metrics', '/livez', '/readyz'].map((path) => status(path)))).toEqual([
    200, 200, 200,
  ]);
  expect(await status('/')).toBe(401);
  expect(await status('/nowhere')).toBe(401);
  expect(await status('/', 'Bearer secret-toke')).toBe(401);
  expect(await status('/', basic('anybody:secret'))).toBe(401);
  expect(await status('/', 'Bearer secret-token')).toBe(200);
  expect(await status('/', basic('anybody:secret-token'))).toBe(200);
  expect(await status('/nowhere', 'Bearer secret-token')).toBe(404);
});

test('a taken port is named, with the exit status of wrong usage', async () => {
  await using served = await serving();
  const failure = await startHttpServer({ ...served.options, port: served.server.port }).then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(AddressUnavailableError);
  expect(failure).toMatchObject({ exitStatus: 2 });
  expect(String(failure)).toContain(`HTTP_PORT ${served.server.port} on 127.0.0.1 is taken`);
});

test('a host that is none of this computer is named', async () => {
  await expect(serving({ host: '192.0.2.1' })).rejects.toThrow(
    /HTTP_HOST 192\.0\.2\.1 is no address/,
  );
});

test('closing ends open connections, and closing again is fine', async () => {
  const served = await serving();
  const socket = connect(served.server.port, '127.0.0.1');
  const ended = new Promise((resolve) => socket.once('close', resolve));
  await served.read('/livez');
  await served.server.close();
  await ended;
  await served.server.close();
  await expect(fetch(`${served.server.url}/livez`)).rejects.toThrow('fetch failed');
});

interface Served extends AsyncDisposable {
  readonly server: Awaited<ReturnType<typeof startHttpServer>>;
  readonly metrics: Metrics;
  readonly options: HttpServerOptions;
  readonly state: { partitions: readonly PartitionState[] };
  readonly read: (path: string) => Promise<string>;
}

async function serving(more: Partial<HttpServerOptions> = {}): Promise<Served> {
  const state: Served['state'] = { partitions: [PARTITION] };
  const partitions = (): readonly PartitionState[] => state.partitions;
  const now = (): number => NOW;
  const metrics = new Metrics({ version: '1.2.3', commit: 'abc', partitions, now });
  const options: HttpServerOptions = {
    port: 0,
    version: '1.2.3',
    metrics,
    partitions,
    pingWarehouse: () => Promise.resolve(),
    now,
    ...more,
  };
  const server = await startHttpServer(options);
  return {
    server,
    metrics,
    options,
    state,
    read: async (path) => (await fetch(`${server.url}${path}`)).text(),
    [Symbol.asyncDispose]: () => server.close(),
  };
}
