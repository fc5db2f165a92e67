/** While a processor runs, raw events expire and somebody is forgotten; both take effect without a restart. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { embeddedKafka } from '../support/kafka-embedded.ts';
import type { RealKafka } from '../support/kafka.ts';
import { PATIENCE_MS, startProcessor } from './run-process.ts';
import type { Processor } from './run-process.ts';

const SOMEBODY = 'somebody-0001';
const DAY_MS = 86_400_000;

let clickhouse: TestClickHouse;
let kafka: RealKafka;
let folder: string;
let environment: Record<string, string>;
let processor: Processor;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-kept-less-'));
  [clickhouse, kafka] = await Promise.all([testClickHouse(), embeddedKafka()]);
  environment = {
    TIDEMARK_DATA_DIR: folder,
    CLICKHOUSE_URL: clickhouse.url,
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_GROUP_ID: randomUUID(),
    REFRESH_INTERVAL_SECONDS: '1',
    EVENTS_RETENTION_DAYS: '30',
  };
});
afterAll(async () => {
  await processor?.stop();
  await kafka[Symbol.asyncDispose]();
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await tidemark(argv, environment);
  expect({ argv, status, said: status === 0 ? '' : stderr + stdout }).toEqual({
    argv,
    status: 0,
    said: '',
  });
  return stdout;
}

async function value(query: string): Promise<unknown> {
  const [row] = await clickhouse.rows(query);
  return Object.values(row ?? {})[0];
}

function until(what: string, query: string, wanted: unknown): Promise<void> {
  return processor.meanwhile(
    eventually(what, async () => (await value(query)) === wanted, PATIENCE_MS),
  );
}

/** Events of a day each, from a day of January 2024 on. */
async function eventsFile(name: string, users: readonly string[], days: number, first = 0) {
  const path = join(folder, `${name}.ndjson`);
  const lines = Array.from({ length: days }, (_, day) =>
    users.map((user_id) =>
      JSON.stringify({
        event_id: `${name}-${day}`,
        user_id,
        event_type: 'share',
        event_time: new Date(Date.UTC(2024, 0, 1) + (first + day) * DAY_MS).toISOString(),
      }),
    ),
  );
  await writeFile(path, `${lines.flat().join('\n')}\n`);
  return path;
}

const OUTCOMES = (outcome: string) => `SELECT toUInt32(sum(${outcome})) FROM source_progress`;
const STREAM = ['--stream', 'app-events'] as const;

test('months of raw events go, aggregates stay, and nothing is taken in any more that could not be folded', async () => {
  const users = ['a', 'b', 'c', 'd', 'e', 'f', 'g', SOMEBODY];
  await run('produce', await eventsFile('first', users, 80), ...STREAM, '--partitions', '2');
  processor = await startProcessor(environment);
  await until('all is accepted', OUTCOMES('accepted'), 640);
  const january = "SELECT toUInt32(count()) FROM events_rows WHERE event_date < '2024-02-01'";
  await until('January is gone', january, 0);
  expect(await value('SELECT min(event_date) FROM events')).toBe('2024-02-01');
  expect(await value('SELECT toUInt32(sum(events)) FROM user_days')).toBe(640);

  const refused = await tidemark(
    ['reprocess', '--from', '2024-01-20', '--to', '2024-02-10'],
    environment,
  );
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain('--from 2024-02-01');

  // One user-day of January, and one of February, from a file whose lookback has no end.
  const old = await eventsFile('old', ['a'], 2, 30);
  expect(JSON.parse(await run('ingest', old, ...STREAM, '--json'))).toMatchObject({
    accepted: 1,
    late: 1,
  });
  expect(JSON.parse(await run('reprocess', '--late', '--json'))).toMatchObject({ rows_read: 0 });
  expect(await value('SELECT toUInt32(sum(events)) FROM user_days')).toBe(641);
}, 300_000);

test('who is forgotten while a processor runs is refused by it from then on', async () => {
  const before = (await value('SELECT max(epoch) FROM rules')) as number;
  const forgot = JSON.parse(await run('forget', SOMEBODY, '--json')) as Record<string, unknown>;
  expect(forgot).toMatchObject({ people: 1, rules_epoch: before + 1 });
  await run('produce', await eventsFile('more', ['a', SOMEBODY], 1, 79), ...STREAM);
  await until('the other event is accepted', OUTCOMES('accepted'), 642);
  await until('the event is refused', OUTCOMES('invalid'), 1);
  expect(await clickhouse.rows('SELECT reason, key, bytes, fields FROM rejected_events')).toEqual([
    { reason: 'user_forgotten', key: null, bytes: null, fields: '' },
  ]);
  const tables = await clickhouse.rows(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
  );
  for (const { name } of tables) {
    const query = `SELECT toUInt32(count()) FROM ${name as string} WHERE position(toString(tuple(*)), '${SOMEBODY}') > 0`;
    expect([name, await value(query)]).toEqual([name, 0]);
  }
  await run('refresh');
  await run('check');
}, 300_000);
