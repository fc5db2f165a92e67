/**
 * The main job on real input, with everything embedded but Kafka: a file is produced, processed and
 * queried with other commands while the processor runs.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaOrigin, sharedKafka } from '../support/kafka.ts';
import type { RealKafka } from '../support/kafka.ts';
import { at } from './events.ts';
import type { Processor } from './run-process.ts';
import { PATIENCE_MS, startProcessor } from './run-process.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const EVENTS = 200;
const USERS = 24;
const USER_DAYS = 31;

describe.skipIf(kafkaOrigin() === undefined)('Greenery', { timeout: 90_000 }, () => {
  let kafka: RealKafka;
  let dataDir: string;
  let environment: Record<string, string>;
  let processor: Processor;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-greenery-'));
    kafka = await sharedKafka();
    environment = {
      TIDEMARK_DATA_DIR: dataDir,
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_TOPIC_APP_EVENTS: `events-${randomUUID()}`,
      KAFKA_GROUP_ID: randomUUID(),
      LOOKBACK_DAYS: '3',
    };
    processor = await startProcessor(environment);
    await eventually('it is up', async () => (await processor.metric('tidemark_build_info')) === 1);
  });
  afterAll(async () => {
    await processor.kill9();
    await kafka[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Of a command that must succeed: what it printed. */
  async function printed(...argv: string[]): Promise<string> {
    const { status, stdout, stderr } = await tidemark(argv, environment);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }
  const json = async <T>(...argv: string[]) => JSON.parse(await printed(...argv, '--json')) as T;
  const rows = async <T>(query: string) =>
    (await printed('sql', query, '--format', 'JSONEachRow'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  const produce = () => printed('produce', FIXTURE, '--stream', 'app-events', '--map', MAPPING);
  const processed = async (records: number) => {
    await eventually(
      `${records} records are processed`,
      async () => ((await processor.metric(RECORDS)) ?? 0) >= records,
      PATIENCE_MS,
    );
    expect(await processor.metric(RECORDS)).toBe(records);
  };
  const userDays = () => rows('SELECT * EXCEPT updated_at FROM user_days ORDER BY ALL');

  test('every event of the file is accepted, and user_days are a plain fold of the file', async () => {
    await produce();
    await processed(EVENTS);
    const { sources, ...status } = await json<Status>('status');
    expect(status).toMatchObject({ users: USERS, user_days: USER_DAYS, rejected: [] });
    expect(sources.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(EVENTS);
    expect(sources.map(({ lag }) => lag)).toEqual([0, 0, 0, 0]);
    expect(
      await rows(`
        SELECT
            toString(event_date) AS day,
            user_id AS user,
            events,
            mapSort(event_counts) AS counts,
            toUnixTimestamp64Micro(first_event_at) / 1000000 AS first,
            toUnixTimestamp64Micro(last_event_at) / 1000000 AS last,
            first_event_id AS firstId,
            arrayMap(
                f -> (toUnixTimestamp64Micro(f.start) / 1000000, toUnixTimestamp64Micro(f.end) / 1000000, f.events),
                session_fragments
            ) AS sessions
        FROM user_days
        ORDER BY day, user`),
    ).toEqual(plainFold());
  });

  test('the same file again changes nothing', async () => {
    const before = await userDays();
    await produce();
    await processed(2 * EVENTS);
    expect(await userDays()).toEqual(before);
    const { sources } = await json<Status>('status');
    expect(sources.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(EVENTS);
    expect(sources.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(EVENTS);
  });

  test('other commands on the data folder use the running server, and the processor goes on', async () => {
    expect(await printed('sql', 'SELECT count() FROM events')).toBe(`${EVENTS}\n`);
    const catalogue = await json<{ event_types: { event_type: string }[] }>('event-types', 'list');
    expect(catalogue.event_types.map((type) => type.event_type)).toContain('package_shipped');
    const config = await json<{ database: unknown }>('config');
    expect(JSON.stringify(config.database)).toContain('"UTC"');
    const before = await userDays();
    await printed('refresh');
    expect(await userDays()).toEqual(before);
    const steps = await json<{ action: string }[]>('migrate', '--dry-run');
    expect(new Set(steps.map(({ action }) => action))).toEqual(new Set(['none']));

    await produce();
    await processed(3 * EVENTS);
    const { status, stdout } = await processor.stop();
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    // Its server has ended with it; the next command starts one on the same data.
    expect(await printed('sql', 'SELECT sum(duplicate) FROM source_progress')).toBe(
      `${2 * EVENTS}\n`,
    );
  });
});

const RECORDS = 'tidemark_events_total{';

interface Status {
  readonly sources: readonly { accepted: number; duplicate: number; lag: number }[];
  readonly users: number;
  readonly user_days: number;
  readonly rejected: readonly unknown[];
}

interface Line {
  readonly id: string;
  readonly user: string;
  readonly type: string;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Written from the definitions: what `user_days` must be. */
function plainFold() {
  const [, ...lines] = readFileSync(FIXTURE, 'utf8').trim().split('\n');
  const days = new Map<string, Line[]>();
  for (const line of lines) {
    const [id = '', , user = '', , createdAt = '', type = ''] = line.split(',');
    const key = `${createdAt.slice(0, 10)} ${user}`;
    const event = { id, user, type, time: at(createdAt) / 1e6 };
    days.set(key, [...(days.get(key) ?? []), event]);
  }
  return [...days].sort(byKey).map(([key, unsorted]) => {
    const events = unsorted.sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
    const counts = new Map<string, number>();
    const sessions: [start: number, end: number, events: number][] = [];
    for (const { type, time } of events) {
      counts.set(type, (counts.get(type) ?? 0) + 1);
      if (type === 'package_shipped' || type === 'package_delivered') continue;
      const last = sessions.at(-1);
      if (last === undefined || time - last[1] > 1800) sessions.push([time, time, 1]);
      else sessions.splice(-1, 1, [last[0], time, last[2] + 1]);
    }
    return {
      day: key.slice(0, 10),
      user: key.slice(11),
      events: events.length,
      counts: Object.fromEntries([...counts].sort(byKey)),
      first: events[0]!.time,
      last: events.at(-1)!.time,
      firstId: events[0]!.id,
      sessions,
    };
  });
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
