import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type avro from 'avsc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import type { Desk } from './ingest-desk.ts';
import { csvOf, emptyDesk, someEvents, writeContainer, writeEvents } from './ingest-desk.ts';
import { tidemark } from './tidemark.ts';

const HEADER = 'event_id,user_id,event_type,event_time,platform';
const ROW = 'e1,u1,page_view,2024-03-01T10:00:00Z,ios';
const NOTHING = { accepted: 0, duplicate: 0, late: 0, future: 0, invalid: 0, reasons: {} };

let clickhouse: TestClickHouse;
let folder: string;
/** Into which nothing may come. */
let untouched: Desk;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  untouched = await emptyDesk(clickhouse);
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

const utf16 = Buffer.from(`\ufeff${HEADER}\n${ROW}\n`, 'utf16le');
const refused: readonly [name: string, content: string | Buffer, message: RegExp][] = [
  ['empty.csv', '', /empty\.csv is empty: it has no header/],
  ['empty.csv.gz', gzipSync(''), /empty\.csv\.gz is empty: it has no header/],
  ['junk.csv', Buffer.from([0xde, 0xad, 0xbe, 0xef, 10, 0xff]), /header is not text in UTF-8/],
  ['zeros.csv', Buffer.alloc(100), /zeros\.csv is not CSV: its header is not text in UTF-8/],
  ['utf16.csv', utf16, /utf16\.csv is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8/],
  ['bare.csv', utf16.subarray(2), /bare\.csv is not CSV: its header is not text in UTF-8/],
  ['packed.csv', gzipSync(`${HEADER}\n${ROW}\n`), /packed\.csv is gzipped; name it \.gz or/],
  ['plain.csv.gz', `${HEADER}\n${ROW}\n`, /plain\.csv\.gz is not gzipped; give --format csv$/m],
  ['text.avro', `${HEADER}\n${ROW}\n`, /text\.avro is not an Avro container file/],
  ['short.avro', 'Obj\u0001', /short\.avro, at byte \d+: the file ends in the middle/],
  ['twice.csv', 'event_id,user_id,event_id\n', /two columns named "event_id"; rename one/],
  ['list.avro', 'Obj', /list\.avro is not an Avro container file/],
  ['columns.csv', 'a,b\n1,2\n', /user_id of stream app-events has no column of its name/],
  ['noname', ROW, /noname: its name does not say its format; give --format, one of csv/],
];
test.each(refused)('%s is refused before anything is written', async (name, content, message) => {
  const { status, stdout, stderr } = await untouched.ingest(await file(name, content));
  expect(stderr).toMatch(message);
  expect({ status, stdout }).toEqual({ status: name === 'short.avro' ? 1 : 2, stdout: '' });
  expect(await untouched.stored()).toEqual({
    events: [],
    days: [],
    late: [],
    rejected: [],
    progress: [],
  });
});

test('an Avro container by the name of a CSV file is refused, and taken with --format', async () => {
  const desk = await emptyDesk(clickhouse);
  const path = join(folder, 'container.avro');
  await writeEvents(path, someEvents(seed, 1, 3));
  const renamed = await file('container.csv', await readFile(path));
  const { status, stderr } = await desk.ingest(renamed);
  expect(stderr).toContain(`${renamed} is an Avro container; give --format avro`);
  expect(status).toBe(2);
  expect((await desk.outcomes(renamed, '--format', 'avro')).accepted).toBe(3);
});

test.each([
  [['/nowhere/a.csv'], /\/nowhere\/a\.csv cannot be read/],
  [['FILE', '/nowhere/a.csv'], /\/nowhere\/a\.csv cannot be read/],
  [['FILE', '--map', '/nowhere/map.json'], /mapping \/nowhere\/map\.json cannot be read/],
  [['FILE', '--map', '{'], /map\.json is not JSON/],
  [['FILE', '--map', '{"nope":"user_id"}'], /stream app-events has no field "nope"; its fields/],
  [['FILE', '--map', '{"country":"nope"}'], /country takes column "nope", which .* does not have/],
  [['FILE', 'FILE'], /would both be the source file:good\.csv/],
  [['FILE', '--source', 'app-events'], /--source cannot be "app-events": that is the name of a/],
  [['FILE', '--source', 'a/b'], /It must be letters, digits/],
  [['FILE', '--lookback-days', '-1'], /It must be a whole number of days, or unlimited/],
  [['FILE', '--format', 'xls'], /Allowed choices are csv, csv\.gz, ndjson, ndjson\.gz, avro/],
  [[], /missing required argument 'file'/],
])('%j ends with 2 and says why', async (argv, message) => {
  const good = await file('good.csv', `${HEADER}\n${ROW}\n`);
  const words: string[] = [];
  for (const word of argv) {
    if (word === 'FILE') words.push(good);
    else words.push(word.startsWith('{') ? await file('map.json', word) : word);
  }
  const { status, stderr } = await untouched.ingest(...words);
  expect(stderr).toMatch(message);
  expect(status).toBe(2);
  expect((await untouched.stored())['events']).toEqual([]);
});

test('a stream that there is not ends with 2, and those there are are named', async () => {
  const path = await file('good.csv', `${HEADER}\n${ROW}\n`);
  const { status, stderr } = await tidemark(
    ['ingest', path, '--stream', 'nope'],
    untouched.environment,
  );
  expect(stderr).toMatch(/--stream must be one of app-events, order-lines, .*got "nope"/);
  expect(status).toBe(2);
});

/** Ends with 1; returns the message and how many events are stored. */
async function broken(path: string): Promise<{ stderr: string; events: number; desk: Desk }> {
  const desk = await emptyDesk(clickhouse);
  const { status, stderr } = await desk.ingest(path);
  expect(status).toBe(1);
  const { events } = await desk.stored();
  const [progress] = await desk.rows('SELECT sum(accepted) AS accepted FROM source_progress');
  expect(progress!['accepted']).toBe(events!.length);
  return { stderr, events: events!.length, desk };
}

test('a gzipped file that was cut off: what could be read is stored, and the whole file goes on from there', async () => {
  const events = someEvents(seed, 3, 4000);
  const packed = gzipSync(csvOf(events));
  const path = await file('cut.csv.gz', packed.subarray(0, -packed.length / 10));
  const { stderr, events: stored, desk } = await broken(path);
  expect(stderr).toMatch(/cut\.csv\.gz, after row \d+: unexpected end of file/);
  expect(stored).toBeGreaterThan(2000);
  expect(stored).toBeLessThan(events.length);
  await writeFile(path, packed);
  expect(await desk.outcomes(path)).toEqual({
    ...NOTHING,
    rows_read: events.length,
    accepted: events.length - stored,
    duplicate: stored,
  });
});

test('an Avro container that was cut off: its whole blocks are stored', async () => {
  const path = join(folder, 'cut.avro');
  const events = someEvents(seed, 2, 4000);
  await writeEvents(path, events);
  const whole = await readFile(path);
  await writeFile(path, whole.subarray(0, -40));
  const { stderr, events: stored, desk } = await broken(path);
  expect(stderr).toMatch(/cut\.avro, at byte \d+: the file ends in the middle of a block/);
  expect(stored).toBeGreaterThan(0);
  await writeFile(path, whole);
  expect((await desk.outcomes(path)).duplicate).toBe(stored);
});

test('a container whose block does not hold the records that it says', async () => {
  const path = join(folder, 'false.avro');
  await writeContainer(path, [{ ...EMPTY, ...someEvents(seed, 1, 1)[0] }], { codec: 'null' });
  const whole = await readFile(path);
  const mark = whole.subarray(-16);
  const header = whole.subarray(0, whole.indexOf(mark) + 16);
  // One record of three bytes, in a block of 3.
  const block = Buffer.from([2, 6, 4, 0x61, 0x62]);
  await writeFile(path, Buffer.concat([header, block, mark]));
  const { stderr, events } = await broken(path);
  expect(stderr).toMatch(/false\.avro, row 1: the record is truncated/);
  expect(events).toBe(0);
});

test('a quotation mark that is never closed is told with the row before it; those rows are stored', async () => {
  const rows = csvOf(someEvents(seed, 1, 30));
  const path = await file('quote.csv', `${rows}x,"u,page_view,2024-01-01\n${ROW}\n`);
  const { stderr, events } = await broken(path);
  expect(stderr).toMatch(/quote\.csv, after row 30: .*\(is a quotation mark not closed\?\)/);
  expect(events).toBe(30);
});

test('a row of 100 MB is not held in memory, and told', async () => {
  const packed = gzipSync(`${HEADER}\n${ROW}\n${'x'.repeat(100_000_000)}\n${ROW}\n`, { level: 1 });
  const { stderr, events } = await broken(await file('huge.csv.gz', packed));
  expect(stderr).toMatch(/huge\.csv\.gz, after row 1: a row of more than 16 MiB/);
  expect(events).toBe(1);
  const line = await broken(await file('huge.ndjson', `{"a":"${'x'.repeat(17 << 20)}"}\n`));
  expect(line.stderr).toMatch(/huge\.ndjson has a line of more than 16 MiB/);
});

test('a file of a header alone has no rows, and so has an empty NDJSON file', async () => {
  const desk = await emptyDesk(clickhouse);
  const none = { ...NOTHING, rows_read: 0 };
  expect(await desk.outcomes(await file('header.csv', `${HEADER}\n`))).toEqual(none);
  expect(await desk.outcomes(await file('none.ndjson', ''))).toEqual(none);
});

test('rows of Latin-1 are refused one by one with their bytes; the others are taken', async () => {
  const desk = await emptyDesk(clickhouse);
  const rows = [ROW, 'e2,Zoë,page_view,2024-03-01,web', 'e3,u3,page_view,2024-03-01,"a ""b"""'];
  const latin1 = Buffer.from([HEADER, ...rows, ''].join('\r\n'), 'latin1');
  const expected = {
    ...NOTHING,
    rows_read: 3,
    accepted: 2,
    invalid: 1,
    reasons: { invalid_utf8: 1 },
  };
  expect(await desk.outcomes(await file('latin1.csv', latin1))).toEqual(expected);
  expect(await desk.rows('SELECT offset, bytes FROM rejected_events')).toEqual([
    { offset: 1, bytes: JSON.stringify([`${rows[1]}\r`]) },
  ]);
  const event = { event_id: 'e4', user_id: 'Zoë', event_type: 'like', event_time: '2024-03-01' };
  const lines = Buffer.from(JSON.stringify(event), 'latin1');
  expect(await desk.outcomes(await file('latin1.ndjson', lines))).toMatchObject({ invalid: 1 });
  const half = JSON.stringify({ ...event, user_id: 'u', platform: '\ud83d' });
  expect(await desk.outcomes(await file('half.ndjson', half))).toMatchObject({
    reasons: { invalid_utf8: 1 },
  });
});

test('strings of Avro that are not UTF-8 are refused, by whichever schema they were written', async () => {
  const desk = await emptyDesk(clickhouse);
  const [first, second] = someEvents(seed, 1, 2);
  for (const schema of [undefined, OTHER_SCHEMA]) {
    const path = join(folder, `${schema === undefined ? 'own' : 'other'}.avro`);
    const record = { ...EMPTY, ...first, country: 'xy', feature: 'fine \ufffd' };
    const other = { ...EMPTY, ...second, country: 'Zz' };
    await writeContainer(path, [record, other], { codec: 'null', schema });
    const bytes = await readFile(path);
    bytes[bytes.indexOf('Zz')] = 0xff;
    await writeFile(path, bytes);
    expect(await desk.outcomes(path)).toMatchObject({
      rows_read: 2,
      invalid: 1,
      reasons: { invalid_utf8: 1 },
    });
  }
  expect(await desk.rows('SELECT feature FROM events')).toEqual([{ feature: 'fine \ufffd' }]);
});

const EMPTY = {
  utm_source: null,
  transaction_category: null,
  producer_session_id: null,
  page_url: null,
  product_id: null,
  order_id: null,
  plan_id: null,
  feature: null,
  properties: {},
};
/** Fewer fields: each record has to be read and written anew. */
const OTHER_SCHEMA: avro.Schema = {
  type: 'record',
  name: 'Other',
  fields: [
    { name: 'event_id', type: 'string' },
    { name: 'user_id', type: 'string' },
    { name: 'event_type', type: 'string' },
    { name: 'event_time', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'country', type: 'string' },
    { name: 'feature', type: ['null', 'string'] },
    { name: 'miles_amount', type: ['null', 'long'] },
  ],
};
