import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stream as appEventStream } from '../streams/app-event-samples.ts';
import { markApplied } from '../../src/warehouse/late-events.ts';
import { markReplayed } from '../../src/warehouse/rejected-events.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));

let clickhouse: TestClickHouse;
let folder: string;
let databases = 0;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-reprocess-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

interface World {
  readonly client: ClickHouseClient;
  /** Runs a command that must succeed; what it prints as JSON. */
  run(...argv: string[]): Promise<Record<string, unknown>>;
  rows(query: string): Promise<Record<string, unknown>[]>;
}

async function world(): Promise<World> {
  const client = await clickhouse.freshDatabase();
  databases++;
  const [row] = await clickhouse.rows('SELECT currentDatabase() AS name', client);
  const url = new URL(`/${row!['name'] as string}`, clickhouse.url).href;
  return {
    client,
    rows: (query) => clickhouse.rows(query, client),
    async run(...argv) {
      const { status, stdout, stderr } = await tidemark(
        argv[0] === 'event-types' ? argv : [...argv, '--json'],
        {
          CLICKHOUSE_URL: url,
          TIDEMARK_DATA_DIR: folder,
        },
      );
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      return stdout.startsWith('{') ? (JSON.parse(stdout) as Record<string, unknown>) : {};
    },
  };
}

const USER_DAYS =
  'SELECT * EXCEPT (version, updated_at) FROM user_days ORDER BY event_date, user_id';
const RECONCILED = `
SELECT
    (SELECT sum(accepted) FROM source_progress) = (SELECT count() FROM events) AS accepted,
    (SELECT count() FROM events) = (SELECT sum(events) FROM user_days) AS aggregated`;

const ingest = ['ingest', FIXTURE, '--stream', 'app-events', '--map', MAPPING];

test('late events that are applied leave the tables that they would have left in time', async () => {
  const [inTime, late] = [await world(), await world()];
  await inTime.run(...ingest);
  const first = await late.run(...ingest, '--lookback-days', '0');
  expect(first['late']).toBeGreaterThan(100);
  expect(await late.run('reprocess', '--late')).toMatchObject({
    rows_read: first['late'],
    accepted: first['late'],
    sources: [{ source: 'file:events.csv' }],
  });
  expect(await late.rows(USER_DAYS)).toEqual(await inTime.rows(USER_DAYS));
  expect(await late.rows(RECONCILED)).toEqual([{ accepted: 1, aggregated: 1 }]);
  expect(await late.rows('SELECT count() AS n FROM late_events WHERE applied_at IS NULL')).toEqual([
    { n: 0 },
  ]);
});

test('applying late events again changes nothing', async () => {
  const { run, rows } = await world();
  await run(...ingest, '--lookback-days', '0');
  await run('reprocess', '--late');
  const before = await rows('SELECT * FROM source_progress ORDER BY source');
  const days = await rows('SELECT * FROM user_days ORDER BY event_date, user_id');
  expect(await run('reprocess', '--late')).toMatchObject({ rows_read: 0, sources: [] });
  expect(await rows('SELECT * FROM source_progress ORDER BY source')).toEqual(before);
  expect(await rows('SELECT * FROM user_days ORDER BY event_date, user_id')).toEqual(days);
});

test('late events that were accepted meanwhile from elsewhere are duplicates', async () => {
  const { run, rows } = await world();
  const { late } = await run(...ingest, '--lookback-days', '0');
  await run(...ingest, '--source', 'again');
  expect(await run('reprocess', '--late')).toMatchObject({ accepted: 0, duplicate: late });
  expect(await rows(RECONCILED)).toEqual([{ accepted: 1, aggregated: 1 }]);
});

test('an application that was interrupted after it had marked the events is completed by the next', async () => {
  const { client, run, rows } = await world();
  const { late } = await run(...ingest, '--lookback-days', '0');
  await markApplied(client, appEventStream, 'file:events.csv');
  expect(await run('reprocess', '--late')).toMatchObject({ accepted: late, duplicate: 0 });
  expect(await rows(RECONCILED)).toEqual([{ accepted: 1, aggregated: 1 }]);
});

const BROKEN = [
  'event_id,user_id,event_type,event_time,miles_amount',
  'a1,u1,page_view,2026-01-01T00:00:00Z,',
  'a2,u1,coupon_used,2026-01-01T00:01:00Z,',
  'a3,u1,page_view,notatime,',
  'a4,u1,miles_earned,2026-01-01T00:02:00Z,',
  'a5,u2,coupon_used,2025-01-02T00:01:00Z,',
];

async function ingestBroken({ run }: World): Promise<void> {
  const path = join(folder, `broken-${databases}.csv`);
  await writeFile(path, `${BROKEN.join('\n')}\n`);
  await run('event-types', 'close');
  expect(await run('ingest', path, '--stream', 'app-events')).toMatchObject({
    accepted: 1,
    invalid: 4,
    reasons: { event_time_malformed: 1, miles_missing: 1, unknown_event_type: 2 },
  });
  await run('event-types', 'set', 'coupon_used');
}

const REPLAY = ['dead-letters', 'replay', '--reason', 'unknown_event_type'];

test('rows that broke a rule are taken in once the rule is mended, and only once', async () => {
  const here = await world();
  await ingestBroken(here);
  expect(await here.run(...REPLAY)).toMatchObject({
    sent: 0,
    files: { accepted: 2, rows_read: 2 },
  });
  expect(await here.run(...REPLAY)).toMatchObject({ sent: 0, files: { rows_read: 0 } });
  const events = await here.rows('SELECT event_id FROM events ORDER BY event_id');
  expect(events.map((row) => row['event_id'])).toEqual(['a1', 'a2', 'a5']);
  expect(await here.rows(RECONCILED)).toEqual([{ accepted: 1, aggregated: 1 }]);
  expect(
    await here.rows(
      'SELECT reason, countIf(replayed_at IS NOT NULL) AS n FROM rejected_events GROUP BY reason ORDER BY reason',
    ),
  ).toEqual([
    { reason: 'event_time_malformed', n: 0 },
    { reason: 'miles_missing', n: 0 },
    { reason: 'unknown_event_type', n: 2 },
  ]);
});

test('a replay that was interrupted after it had marked the rows is completed by the next', async () => {
  const here = await world();
  await ingestBroken(here);
  const [row] = await here.rows('SELECT DISTINCT source FROM rejected_events');
  const query = "SELECT * FROM rejected_events WHERE reason = 'unknown_event_type'";
  const source = { stream: 'app-events', source: row!['source'] as string };
  await markReplayed(here.client, source, { query, parameters: {} });
  expect(await here.run(...REPLAY)).toMatchObject({ files: { accepted: 2, rows_read: 2 } });
  expect(await here.rows(RECONCILED)).toEqual([{ accepted: 1, aggregated: 1 }]);
});

test('a row that is still refused is refused again, as a row of the replay', async () => {
  const here = await world();
  await ingestBroken(here);
  const replayed = await here.run('dead-letters', 'replay', '--since', '2000-01-01');
  expect(replayed).toEqual({
    sent: 0,
    files: expect.objectContaining({
      accepted: 2,
      invalid: 1,
      reasons: { miles_missing: 1 },
    }) as object,
    not_records: { event_time_malformed: 1 },
  });
});

test('a replay without a filter and a reprocess without a subject are wrong usage', async () => {
  for (const argv of [['dead-letters', 'replay'], ['reprocess']]) {
    const { status, stderr } = await tidemark(argv, { TIDEMARK_DATA_DIR: folder });
    expect(status).toBe(2);
    expect(stderr).toContain('say what to');
  }
});
