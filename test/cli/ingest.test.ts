import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/traffic/random.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import type { Event } from './ingest-desk.ts';
import { COLUMNS, csvOf, emptyDesk, someEvents, writeEvents } from './ingest-desk.ts';
import { tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const NOTHING = { accepted: 0, duplicate: 0, late: 0, future: 0, invalid: 0, reasons: {} };

let clickhouse: TestClickHouse;
let folder: string;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-ingest-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const HEADER = COLUMNS.join(',');

test('Greenery: user_days are a plain fold of the file, and the same file again changes nothing', async () => {
  const desk = await emptyDesk(clickhouse);
  const argv = [FIXTURE, '--map', MAPPING];
  expect(await desk.outcomes(...argv)).toEqual({ ...NOTHING, rows_read: 200, accepted: 200 });
  const lines = (await readFile(FIXTURE, 'utf8')).trim().split('\n').slice(1);
  const folded = new Map<string, { events: number; types: Record<string, number> }>();
  for (const [, , user, , time = '', type = ''] of lines.map((line) => line.split(','))) {
    const key = `${time.slice(0, 10)} ${user}`;
    const day = folded.get(key) ?? { events: 0, types: {} };
    day.events++;
    day.types[type] = (day.types[type] ?? 0) + 1;
    folded.set(key, day);
  }
  const days = await desk.rows(
    "SELECT concat(toString(event_date), ' ', user_id) AS key, events, event_counts AS types FROM user_days",
  );
  expect(new Map(days.map(({ key, ...day }) => [key, day]))).toEqual(folded);

  const before = await desk.stored();
  expect(await desk.outcomes(...argv)).toEqual({ ...NOTHING, rows_read: 200, duplicate: 200 });
  expect(await desk.stored()).toEqual(before);
});

test('ten daily files that overlap by two days, of any format and in any order, end the same as one file', async () => {
  const random = new Random(seed, 1);
  const perDay = 60;
  const events = someEvents(seed, 12, perDay);
  const whole = join(folder, 'whole.csv');
  await writeEvents(whole, events);
  const single = await emptyDesk(clickhouse);
  expect((await single.outcomes(whole)).accepted).toBe(events.length);

  const formats = ['csv', 'csv.gz', 'ndjson', 'ndjson.gz', 'avro'];
  const paths: string[] = [];
  for (let day = 0; day < 10; day++) {
    const path = join(folder, `day-${day}.${formats[(day + random.below(2)) % formats.length]}`);
    await writeEvents(path, events.slice(day * perDay, (day + 3) * perDay));
    paths.push(path);
  }
  const shuffled = paths
    .map((path) => [random.bits(), path] as const)
    .sort(([a], [b]) => a - b)
    .map(([, path]) => path);
  const daily = await emptyDesk(clickhouse);
  const rows = 30 * perDay;
  // Some of them one by one, the rest in one command.
  const first = await daily.outcomes(shuffled[0]!);
  const rest = await daily.outcomes(...shuffled.slice(1));
  expect(first.rows_read + rest.rows_read).toBe(rows);
  expect(first.accepted + rest.accepted).toBe(events.length);
  expect(await daily.facts()).toEqual(await single.facts());

  expect(await daily.outcomes(...paths)).toEqual({ ...NOTHING, rows_read: rows, duplicate: rows });
  expect(await daily.facts()).toEqual(await single.facts());
});

test('a file that grew: what is new is added, what was there counts as duplicates', async () => {
  const desk = await emptyDesk(clickhouse);
  const events = someEvents(seed, 3, 50);
  const path = await file('grows.csv', csvOf(events.slice(0, 90)));
  await desk.outcomes(path);
  await writeFile(path, csvOf(events));
  expect(await desk.outcomes(path)).toEqual({
    ...NOTHING,
    rows_read: 150,
    accepted: 60,
    duplicate: 90,
  });
  const sources = await desk.rows('SELECT source, next_offset FROM source_progress');
  expect(sources).toEqual([{ source: 'file:grows.csv', next_offset: 150 }]);
});

const changes: readonly [string, (events: Event[]) => Event[], Partial<Record<string, number>>][] =
  [
    [
      'in its middle',
      (events) => events.map((event, n) => (n === 40 ? { ...event, event_id: 'other' } : event)),
      { rows_read: 100, accepted: 1, duplicate: 99 },
    ],
    [
      'by a row put in at its start',
      (events) => [{ ...events[0]!, event_id: 'before' }, ...events],
      { rows_read: 101, accepted: 1, duplicate: 100 },
    ],
    ['by becoming shorter', (events) => events.slice(0, 70), { rows_read: 70, duplicate: 70 }],
    [
      'by becoming shorter and different',
      (events) => [{ ...events[0]!, event_id: 'other' }, ...events.slice(1, 30)],
      { rows_read: 30, accepted: 1, duplicate: 29 },
    ],
    ['in its order', (events) => events.toReversed(), { rows_read: 100, duplicate: 100 }],
  ];
test.each(changes)(
  'a file that was changed %s is another one: only events that nobody has accepted are added',
  async (_, change, expected) => {
    const desk = await emptyDesk(clickhouse);
    const events = someEvents(seed, 2, 50);
    const path = await file('changes.csv', csvOf(events));
    await desk.outcomes(path);
    await writeFile(path, csvOf(change(events)));
    expect(await desk.outcomes(path)).toEqual({ ...NOTHING, ...expected });
    const sources = await desk.rows('SELECT source FROM source_progress ORDER BY source');
    expect(sources.map(({ source }) => source)).toEqual(['file:changes.csv', 'file:changes.csv@2']);
    const before = await desk.stored();
    const again = await desk.outcomes(path);
    expect(again).toEqual({
      ...NOTHING,
      rows_read: expected['rows_read'],
      duplicate: again.rows_read,
    });
    expect(await desk.stored()).toEqual(before);
    const [counts] = await desk.rows(
      'SELECT count() AS events, uniqExact(user_id, event_id) AS ids, (SELECT sum(accepted) FROM source_progress) AS accepted FROM events',
    );
    expect(counts).toEqual({
      events: 100 + (expected['accepted'] ?? 0),
      ids: 100 + (expected['accepted'] ?? 0),
      accepted: 100 + (expected['accepted'] ?? 0),
    });
  },
);

test('another mapping is another reading of the file: rows that it takes or names otherwise are added', async () => {
  const desk = await emptyDesk(clickhouse);
  const events = someEvents(seed, 1, 40);
  const path = await file('mapped.csv', csvOf(events));
  const only = async (where: object) =>
    file('map.json', JSON.stringify({ where: { column: 'event_type', ...where } }));
  const of = (type: string) => events.filter(({ event_type }) => event_type === type).length;
  const first = await desk.outcomes(path, '--map', await only({ in: ['checkout'] }));
  expect(first).toEqual({ ...NOTHING, rows_read: of('checkout'), accepted: of('checkout') });
  const second = await desk.outcomes(path, '--map', await only({ in: ['page_view'] }));
  expect(second).toEqual({ ...NOTHING, rows_read: of('page_view'), accepted: of('page_view') });
  expect(await desk.outcomes(path)).toEqual({
    ...NOTHING,
    rows_read: 40,
    accepted: 40 - of('checkout') - of('page_view'),
    duplicate: of('checkout') + of('page_view'),
  });
});

test('--lookback-days: events behind it are late, stored with the days, and counted again the same', async () => {
  const desk = await emptyDesk(clickhouse);
  const [latest, ...rest] = someEvents(seed, 5, 4).toReversed();
  const path = await file('late.csv', csvOf([latest!, ...rest]));
  const expected = { ...NOTHING, rows_read: 20, accepted: 12, late: 8 };
  expect(await desk.outcomes(path, '--lookback-days', '2')).toEqual(expected);
  expect(
    await desk.rows(
      'SELECT days_late, count() AS events FROM late_events GROUP BY ALL ORDER BY ALL',
    ),
  ).toEqual([
    { days_late: 3, events: 4 },
    { days_late: 4, events: 4 },
  ]);
  const before = await desk.stored();
  const again = { ...NOTHING, rows_read: 20, duplicate: 12, late: 8 };
  expect(await desk.outcomes(path, '--lookback-days', '2')).toEqual(again);
  expect(await desk.stored()).toEqual(before);
  expect(await desk.outcomes(path)).toEqual({
    ...NOTHING,
    rows_read: 20,
    accepted: 8,
    duplicate: 12,
  });
});

test('rows that break a rule, that are no records, or lie ahead are stored with why and what they held', async () => {
  const desk = await emptyDesk(clickhouse);
  const future = new Date(Date.now() + 86_400_000).toISOString();
  const long = 'x'.repeat(129);
  const rows = [
    ['e1,u1,page_view,2024-03-01 10:00:00,,', null],
    [`,u1,page_view,2024-03-01 10:00:00,ios,`, null],
    ['e2,,page_view,2024-03-01 10:00:00,,', 'user_id_empty'],
    [`${long},u1,page_view,2024-03-01,,`, 'event_id_too_long'],
    [`e3,${long},page_view,2024-03-01,,`, 'user_id_too_long'],
    ['e4,u1,Page View,2024-03-01,,', 'event_type_malformed'],
    ['e5,u1,page_view,1970-01-01,,', 'time_out_of_range'],
    ['e6,u1,miles_earned,2024-03-01,,', 'miles_missing'],
    ['e7,u1,miles_earned,2024-03-01,,-5', 'miles_negative'],
    ['e8,u1,page_view,2024-03-01,,5', 'miles_unexpected'],
    ['e9,u1,page_view,yesterday,,', 'event_time_malformed'],
    ['e10,u1,page_view,,,', 'event_time_missing'],
    ['e11,u1,page_view,2024-03-01,,99999999999999999999', 'miles_amount_out_of_range'],
    ['e12,u1,page_view', 'wrong_number_of_cells'],
    ['e13,u1,page_view,2024-03-01,,,', 'wrong_number_of_cells'],
    ['e14,u1,page_view,2024-03-01,"ios"x,', 'quotes_malformed'],
    [`e15,u1,page_view,${future},,`, 'future_event'],
    ['e16,u1,page_view,2024-03-01 11:00:00,,', null],
  ] as const;
  const path = await file('broken.csv', [HEADER, ...rows.map(([row]) => row)].join('\n'));
  const codes = rows.flatMap(([, code]) => (code === null ? [] : [code]));
  const reasons: Record<string, number> = {};
  for (const code of codes) reasons[code] = (reasons[code] ?? 0) + 1;
  const expected = {
    ...NOTHING,
    rows_read: rows.length,
    accepted: 3,
    future: 1,
    invalid: codes.length - 1,
    reasons,
  };
  expect(await desk.outcomes(path)).toEqual(expected);
  const rejected = await desk.rows('SELECT * FROM rejected_events ORDER BY offset');
  expect(rejected.map(({ offset, reason }) => [offset, reason])).toEqual(
    rows.flatMap(([, code], offset) => (code === null ? [] : [[offset, code]])),
  );
  const cellsOf = (id: string) =>
    rejected.map(({ bytes }) => String(bytes)).find((bytes) => bytes.startsWith(`["${id}`));
  expect(cellsOf('e9')).toBe('["e9","u1","page_view","yesterday",null,null]');
  expect(cellsOf('e12')).toBe('["e12","u1","page_view"]');
  expect(cellsOf('e14')).toBe(JSON.stringify(['e14,u1,page_view,2024-03-01,"ios"x,']));
  const negative = rejected.find(({ reason }) => reason === 'miles_negative');
  expect(JSON.parse(String(negative!['fields']))).toMatchObject({
    user_id: 'u1',
    miles_amount: -5,
  });

  const before = await desk.stored();
  expect(await desk.outcomes(path)).toEqual({ ...expected, accepted: 0, duplicate: 3 });
  expect(await desk.stored()).toEqual(before);
});

test('the same event twice in a file, in another file and from another source counts once', async () => {
  const desk = await emptyDesk(clickhouse);
  const events = someEvents(seed, 1, 20);
  const path = await file('twice.csv', csvOf([...events, ...events]));
  expect(await desk.outcomes(path)).toMatchObject({ accepted: 20, duplicate: 20 });
  expect(await desk.outcomes(path, '--source', 'backfill')).toEqual({
    ...NOTHING,
    rows_read: 40,
    duplicate: 40,
  });
  const sources = await desk.rows('SELECT source, accepted FROM source_progress ORDER BY source');
  expect(sources).toEqual([
    { source: 'backfill/twice.csv', accepted: 0 },
    { source: 'file:twice.csv', accepted: 20 },
  ]);
});

test('--json: the outcomes of all files together and of each, for whoever pipes it', async () => {
  const desk = await emptyDesk(clickhouse);
  const a = await file('a.csv', csvOf(someEvents(seed, 1, 5)));
  const b = await file('b.csv', `${HEADER}\ne,u,page_view,never,,\n`);
  const { status, stdout, stderr } = await desk.ingest(a, b, '--json');
  expect(JSON.parse(stdout)).toEqual({
    ...NOTHING,
    rows_read: 6,
    accepted: 5,
    invalid: 1,
    reasons: { event_time_malformed: 1 },
    files: [
      { file: a, source: 'file:a.csv', ...NOTHING, rows_read: 5, accepted: 5 },
      {
        file: b,
        source: 'file:b.csv',
        ...NOTHING,
        rows_read: 1,
        invalid: 1,
        reasons: { event_time_malformed: 1 },
      },
    ],
    seconds: expect.any(Number) as number,
  });
  expect(stderr).toContain(`${b}, row 1: event_time_malformed: event_time takes a time such as`);
  expect(status).toBe(0);
});

test('without --json: words, of each file and of all', async () => {
  const desk = await emptyDesk(clickhouse);
  const path = await file('words.csv', csvOf(someEvents(seed, 1, 5)));
  const { stdout } = await desk.ingest(path);
  expect(stdout).toMatch(/^5 rows = 5 accepted\nin \d+\.\d s \([\d,]+\/s\)\n$/);
});

test('times without a zone are local times of the configured zone, and so are the days', async () => {
  const desk = await emptyDesk(clickhouse);
  const path = await file('zone.csv', `${HEADER}\ne,u,page_view,2024-03-01 00:30:00,,\n`);
  const environment = { ...desk.environment, TIMEZONE: 'Asia/Jakarta' };
  const { status, stderr } = await tidemark(
    ['ingest', path, '--stream', 'app-events'],
    environment,
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(await desk.rows('SELECT event_date, toString(event_time) AS time FROM events')).toEqual([
    { event_date: '2024-03-01', time: '2024-02-29 17:30:00.000000' },
  ]);
});
