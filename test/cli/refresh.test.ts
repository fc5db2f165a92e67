import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { tidemark } from './tidemark.ts';

let clickhouse: TestClickHouse;
let folder: string;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-refresh-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

test('a new event type has its wide columns after the next refresh, filled for all history', async () => {
  const path = join(folder, 'events.csv');
  await writeFile(
    path,
    'event_id,user_id,event_type,event_time\n' +
      'a,u1,tea_poured,2026-01-01T10:00:00Z\nb,u1,tea_poured,2026-01-02T10:00:00Z\n',
  );
  const environment = { CLICKHOUSE_URL: clickhouse.url, TIDEMARK_DATA_DIR: folder };
  const run = (...argv: string[]) => tidemark(argv, environment);
  expect((await run('ingest', path, '--stream', 'app-events')).status).toBe(0);
  expect(await run('refresh')).toMatchObject({ status: 0 });
  const query =
    'SELECT user_id, cnt_tea_poured_events_f7d AS events, cnt_days_tea_poured_f7d AS days FROM user_first_week';
  expect(await clickhouse.rows(query)).toEqual([{ user_id: 'u1', events: 2, days: 2 }]);
});
