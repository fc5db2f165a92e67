import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/traffic/random.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { eventually } from '../support/eventually.ts';
import { seed } from '../support/seed.ts';
import type { Desk } from './ingest-desk.ts';
import { csvOf, emptyDesk, someEvents, writeEvents } from './ingest-desk.ts';

/** Enough that a run can be met in the middle of its work. */
const DAYS = 20;
const PER_DAY = 4_000;
const ROWS = DAYS * PER_DAY;
/** Those whose number ends with 77 are no records, so that there is something to count besides. */
const ACCEPTED = ROWS - ROWS / 100;

let clickhouse: TestClickHouse;
let folder: string;
let path: string;
/** What one undisturbed run leaves. */
let undisturbed: Desk;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-ingest-'));
  path = join(folder, 'many.csv');
  const rows = csvOf(someEvents(seed, DAYS, PER_DAY)).replaceAll(
    /^event-(\d*77),user/gm,
    'event-$1,"u"x',
  );
  await writeFile(path, rows);
  undisturbed = await emptyDesk(clickhouse);
  const { rows_read, accepted, reasons } = await undisturbed.outcomes(path);
  expect({ rows_read, accepted, reasons }).toEqual({
    rows_read: ROWS,
    accepted: ACCEPTED,
    reasons: { quotes_malformed: ROWS - ACCEPTED },
  });
}, 120_000);
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

const storedEvents = async (desk: Desk) =>
  Number((await desk.rows('SELECT count() AS n FROM events'))[0]!['n']);

async function leasesHeld(desk: Desk): Promise<number> {
  const [held] = await desk.rows(
    'SELECT count() AS n FROM leases_rows FINAL WHERE expires_at > now64(3)',
  );
  return Number(held!['n']);
}

/** Starts a run and stops it once so many more events are stored; resolves with its status. */
async function stopAfter(desk: Desk, events: number, signal: NodeJS.Signals) {
  const before = await storedEvents(desk);
  const running = desk.startIngest(path);
  let over = false;
  void running.ended.then(() => (over = true));
  await eventually(
    `${events} more events are stored`,
    async () => over || (await storedEvents(desk)) >= before + events,
    60_000,
  );
  running.process.kill(signal);
  return running.ended;
}

/** The moments at which it was done may differ. */
async function expectAsUndisturbed(desk: Desk): Promise<void> {
  for (const [from, columns] of [
    ['events', '* EXCEPT (ingested_at, record_time)'],
    ['user_days', '* EXCEPT updated_at'],
    ['late_events', '* EXCEPT (ingested_at, record_time)'],
    ['rejected_events', '* EXCEPT (rejected_at, record_time)'],
    ['source_progress', '* EXCEPT (updated_at, last_record_time, last_checksum)'],
  ] as const) {
    const query = `SELECT count() AS rows, sum(cityHash64(toString(tuple(${columns})))) AS hash FROM ${from}`;
    expect([from, await desk.rows(query)]).toEqual([from, await undisturbed.rows(query)]);
  }
  expect(
    await desk.rows(
      'SELECT sum(accepted) AS counted, (SELECT count() FROM events) AS stored FROM source_progress',
    ),
  ).toEqual([{ counted: ACCEPTED, stored: ACCEPTED }]);
}

test(
  'killed at random moments and run again until done, the tables are those of one run',
  { timeout: 180_000 },
  async () => {
    const random = new Random(seed, 2);
    const desk = await emptyDesk(clickhouse);
    for (let kill = 0; kill < 3; kill++) {
      // The lease of the one that was killed does not stop the next.
      await stopAfter(desk, 1 + random.below(ROWS / 5), 'SIGKILL');
    }
    const last = await desk.outcomes(path);
    expect(last.rows_read).toBe(ROWS);
    expect(last.accepted + last.duplicate).toBe(await storedEvents(desk));
    await expectAsUndisturbed(desk);
  },
);

test(
  'Ctrl-C ends with 130, what was read is stored, and the next run goes on from there',
  { timeout: 120_000 },
  async () => {
    const desk = await emptyDesk(clickhouse);
    const { status, stdout } = await stopAfter(desk, 1, 'SIGINT');
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(await leasesHeld(desk)).toBe(0);
    const stored = await storedEvents(desk);
    const [line] = await desk.rows('SELECT accepted, next_offset FROM source_progress');
    expect(line!['accepted']).toBe(stored);
    expect(line!['next_offset']).toBeLessThan(ROWS);
    const rest = await desk.outcomes(path);
    expect(rest.duplicate).toBe(stored);
    await expectAsUndisturbed(desk);
  },
);

test(
  'one at a time: a second ingest ends with 3 and names the first, which goes on',
  { timeout: 120_000 },
  async () => {
    const desk = await emptyDesk(clickhouse);
    const small = join(folder, 'small.ndjson');
    await writeEvents(small, someEvents(seed, 1, 10));
    const first = desk.startIngest(path);
    await eventually('the first has begun', async () => (await leasesHeld(desk)) === 1, 60_000);
    const { status, stderr } = await desk.ingest(small);
    expect(stderr).toContain(
      `"ingest ${path}" is at work on this database (process ${first.process.pid} on`,
    );
    expect(status).toBe(3);
    expect((await first.ended).status).toBe(0);
    await expectAsUndisturbed(desk);
    expect(await leasesHeld(desk)).toBe(0);
  },
);
