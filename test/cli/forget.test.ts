/** Somebody is forgotten: in the end it is as if they had never been, but for the counts of what was read. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { tidemark } from './tidemark.ts';

type Row = Record<string, unknown>;

let clickhouse: TestClickHouse;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-forget-'));
  clickhouse = await testClickHouse();
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

interface Desk {
  run(...argv: string[]): Promise<string>;
  rows(query: string): Promise<Row[]>;
}

async function desk(): Promise<Desk> {
  const client = await clickhouse.freshDatabase();
  const rows = (query: string) => clickhouse.rows(query, client);
  const [row] = await rows('SELECT currentDatabase() AS name');
  const url = new URL(`/${row!['name'] as string}`, clickhouse.url).href;
  return {
    rows,
    async run(...argv) {
      const { status, stdout, stderr } = await tidemark(argv, { CLICKHOUSE_URL: url });
      expect({ argv, status, stderr: status === 0 ? '' : stderr + stdout }).toEqual({
        argv,
        status: 0,
        stderr: '',
      });
      return stdout;
    },
  };
}

/** Where it was read, when, and by how many steps: that may differ. */
const CIRCUMSTANCES =
  '^(offset|source|ingested_at|version|computed_at|updated_at|processed_at|rejected_at|record_time|flagged_at)$';
const NOT_COMPARED =
  /^(source_progress|rejected_events|stream_watermarks|mart_refreshes|.*reconciliation)$/;

/** What is made of order lines and states alone. */
const NOT_OF_EVENTS = /customer|rfm|cltv|churn_group|repeat|order|product|stock|plan/;

/** All that analysts can read, or of it what is made of events. */
async function readable({ rows }: Desk, { ofEvents = false } = {}): Promise<Record<string, Row[]>> {
  const views = await rows(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View' AND name NOT LIKE '%as_of' ORDER BY name",
  );
  const names = views
    .map(({ name }) => name as string)
    .filter((name) => !NOT_COMPARED.test(name) && !(ofEvents && NOT_OF_EVENTS.test(name)));
  const tables: Record<string, Row[]> = {};
  for (const name of names) {
    tables[name] = await rows(
      `SELECT * FROM (SELECT * EXCEPT '${CIRCUMSTANCES}' FROM ${name}) ORDER BY toString(tuple(*))`,
    );
  }
  return tables;
}

/** The stored tables in which a text is to be found, wherever. */
async function tablesNaming({ rows }: Desk, text: string): Promise<string[]> {
  const tables = await rows(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
  );
  const naming: string[] = [];
  for (const { name } of tables) {
    const found = await rows(
      `SELECT 1 FROM ${name as string} WHERE position(toString(tuple(*)), '${text}') > 0 LIMIT 1`,
    );
    if (found.length > 0) naming.push(name as string);
  }
  return naming;
}

const SOMEBODY = 'somebody-0001';

function lines(seed: number, ofSomebody: boolean): string[] {
  const events: string[] = [];
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
  for (let n = 0; n < 900; n++) {
    const somebody = below(6) === 0 && n < 890;
    const event = {
      event_id: `event-${n}`,
      user_id: somebody ? SOMEBODY : `other-${below(12)}`,
      event_type: ['page_view', 'share', 'miles_earned', 'miles_redeemed'][below(4)]!,
      event_time: new Date(Date.UTC(2024, 1, 20) + n * 4_000_000 + below(900)).toISOString(),
      platform: [null, 'ios', 'android', 'web'][below(4)],
      utm_source: [null, 'google', 'facebook'][below(3)],
      page_url: n % 50 === 7 ? 'no url' : 'https://shop.example/a',
      miles_amount: null as number | null,
    };
    if (event.event_type.startsWith('miles')) event.miles_amount = below(100);
    if (!somebody || ofSomebody) events.push(JSON.stringify(event));
  }
  return events;
}

const ATTRIBUTES = [SOMEBODY, 'other-1', 'other-2'].map((user_id) =>
  JSON.stringify({
    user_id,
    created_at: '2024-02-18T00:00:00Z',
    updated_at: '2024-02-18T00:00:00Z',
    city: 'Bern',
    attributes: {},
  }),
);

const LINES = [SOMEBODY, 'other-1', SOMEBODY].map((customer_id, n) =>
  JSON.stringify({
    line_id: `line-${n}`,
    invoice_no: `${1000 + n}`,
    customer_id,
    stock_code: '85123A',
    description: 'holder',
    quantity: 2 + n,
    unit_price: '2.55',
    invoiced_at: '2024-02-20T10:00:00Z',
  }),
);

async function file(name: string, rows: readonly string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `${rows.join('\n')}\n`);
  return path;
}

async function fill(
  { run }: Desk,
  events: readonly string[],
  attributes: readonly string[],
  orderLines: readonly string[],
): Promise<void> {
  const streams = {
    'app-events': events,
    'user-attributes': attributes,
    'order-lines': orderLines,
  };
  for (const [stream, rows] of Object.entries(streams)) {
    await run('ingest', await file(`${stream}.ndjson`, rows), '--stream', stream);
  }
  await run('refresh');
}

test('everything is as if somebody who is forgotten had never been, and stays so when it comes again', async () => {
  const seed = 20_240_220;
  const without = await desk();
  await fill(without, lines(seed, false), ATTRIBUTES.slice(1), LINES.slice(1, 2));
  const expected = await readable(without);

  const with_ = await desk();
  await fill(with_, lines(seed, true), ATTRIBUTES, LINES);
  expect(await tablesNaming(with_, SOMEBODY)).toContain('events_rows');

  const forgot = JSON.parse(await with_.run('forget', SOMEBODY, '--customer', '--json')) as Row;
  expect(forgot).toMatchObject({ people: 1, rules_epoch: 2 });
  expect(await tablesNaming(with_, SOMEBODY)).toEqual([]);
  expect(await readable(with_)).toEqual(expected);

  // The same file once more, from another source: all are known, or refused.
  const again = await file('again.ndjson', lines(seed, true));
  const outcomes = JSON.parse(
    await with_.run('ingest', again, '--stream', 'app-events', '--json'),
  ) as { accepted: number; reasons: Record<string, number> };
  expect(outcomes.accepted).toBe(0);
  expect(outcomes.reasons['user_forgotten']).toBeGreaterThan(100);
  expect(await tablesNaming(with_, SOMEBODY)).toEqual([]);
  expect(
    await with_.rows(
      "SELECT DISTINCT key, bytes, fields FROM rejected_events WHERE reason = 'user_forgotten'",
    ),
  ).toEqual([{ key: null, bytes: null, fields: '' }]);
  // What others do afterwards is not missed by what is made of user-days.
  const later = [false, true].map((_, n) =>
    JSON.stringify({
      event_id: `later-${n}`,
      user_id: `other-${n}`,
      event_type: 'share',
      event_time: '2024-02-21T12:00:00Z',
    }),
  );
  const more = await file('more.ndjson', later);
  for (const each of [without, with_]) {
    await each.run('ingest', more, '--stream', 'app-events');
    await each.run('refresh');
  }
  expect(await readable(with_, { ofEvents: true })).toEqual(
    await readable(without, { ofEvents: true }),
  );
  await with_.run('check');
}, 400_000);

test('late events that were applied or wait are erased too, and those of others are applied once', async () => {
  const { run, rows } = await desk();
  const event = (n: number, user_id: string, day: string) =>
    JSON.stringify({
      event_id: `late-${n}`,
      user_id,
      event_type: 'share',
      event_time: `2024-03-${day}T00:00:0${n}Z`,
    });
  const late = (n: number) => [event(n, SOMEBODY, '01'), event(n + 1, 'other', '01')];
  const first = await file('late-1.ndjson', [event(0, 'other', '20'), ...late(1)]);
  const second = await file('late-2.ndjson', [event(3, 'other', '20'), ...late(4)]);
  for (const path of [first, second]) {
    await run('ingest', path, '--stream', 'app-events', '--lookback-days', '2');
    if (path === first) await run('reprocess', '--late');
  }
  await run('forget', SOMEBODY);
  expect(await tablesNaming({ run, rows }, SOMEBODY)).toEqual([]);
  await run('reprocess', '--late');
  await run('reprocess', '--late');
  const days = 'SELECT user_id, toUInt32(sum(events)) AS events FROM user_days GROUP BY user_id';
  expect(await rows(days)).toEqual([{ user_id: 'other', events: 4 }]);
  await run('check', 'accepted-are-stored', 'late-are-stored', 'user-days-are-their-events');
}, 200_000);
