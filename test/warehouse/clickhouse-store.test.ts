import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClickHouseStore } from '../../src/warehouse/clickhouse-store.ts';
import type { ProgressLine, RecordTables } from '../../src/warehouse/store.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';
import { text } from '../support/native-by-hand.ts';
import { eventsBlock, userDaysBlock } from './rows-by-hand.ts';

let ch: TestClickHouse;
let store: ClickHouseStore;
beforeAll(async () => {
  ch = await testClickHouse();
  store = new ClickHouseStore(ch.client);
});
afterAll(() => ch.close());

const LINE: ProgressLine = {
  stream: 'app-events',
  source: 'line/0',
  nextOffset: 10,
  watermark: 1_700_000_000_123_456,
  accepted: 5,
  duplicate: 1,
  late: 2,
  future: 0,
  invalid: 2,
  skipped: 0,
  countedFrom: 0,
  lastOffset: 9,
  lastRecordTime: 1_700_000_000_123,
  lastChecksum: 4_294_967_295,
  rulesEpoch: 1,
};

const TABLES: RecordTables = {
  accepted: 'events_rows',
  late: 'late_events_rows',
  rejected: 'rejected_events_rows',
};
const LATE = { entity: Buffer.from('b'), id: Buffer.from('late') };

/** Two streams may come from files of one name. */
async function rejectedOfTwoStreams(source: string, database = ch.client): Promise<void> {
  await database.command({
    query: `INSERT INTO rejected_events_rows (stream, source, offset, rules_epoch, outcome, reason, bytes)
      SELECT c1, '${source}', c2, 1, 'invalid', 'truncated', c1
      FROM values(('app-events', 1), ('app-events', 4), ('order-lines', 1), ('order-lines', 2))`,
  });
}

test('plain strings of a Native block become low-cardinality columns, columns left out their defaults', async () => {
  await store.insert('events_rows', [
    eventsBlock([
      { day: 19_000, user: 'conv', id: 'a', source: 'conv/0', offset: 1, platform: 'ios' },
      { day: 19_000, user: 'conv', id: 'b', source: 'conv/0', offset: 2, utmSource: 'my_ads' },
    ]),
  ]);
  expect(
    await ch.rows(`SELECT event_date, event_id, event_type, platform, utm_source, channel_group, country,
      miles_amount, properties, offset, record_time, ingested_at > '2024-01-01' AS stamped
      FROM events WHERE user_id = 'conv' ORDER BY event_id`),
  ).toEqual([
    {
      event_date: '2022-01-08',
      event_id: 'a',
      event_type: 'page_view',
      platform: 'ios',
      utm_source: null,
      channel_group: 'other',
      country: null,
      miles_amount: null,
      properties: {},
      offset: 1,
      record_time: null,
      stamped: 1,
    },
    expect.objectContaining({ event_id: 'b', utm_source: 'my_ads', channel_group: 'paid' }),
  ]);
});

test('maps with tuple keys and arrays of named tuples arrive as they were sent', async () => {
  await store.insert('user_day_rows', [
    userDaysBlock([
      {
        day: 19_000,
        user: 'nested',
        source: 'nested/0',
        events: 3,
        version: 3,
        counts: { like: 1, miles_earned: 2 },
        platforms: ['ios', 'web'],
        platformCounts: [
          ['ios', 'like', 1],
          ['web', 'miles_earned', 2],
        ],
        fragments: [{ start: 1_000_000, end: 2_000_001, events: 3, counts: { like: 1 } }],
        ledger: [[1_500_000, 'e', -7]],
      },
    ]),
  ]);
  expect(
    await ch.rows(`SELECT event_counts, platforms, platform_counts[('web', 'miles_earned')] AS pairs,
      session_fragments, miles_ledger FROM user_days WHERE user_id = 'nested'`),
  ).toEqual([
    {
      event_counts: { like: 1, miles_earned: 2 },
      platforms: ['ios', 'web'],
      pairs: 2,
      session_fragments: [
        {
          start: '1970-01-01 00:00:01.000000',
          end: '1970-01-01 00:00:02.000001',
          events: 3,
          event_counts: { like: 1 },
        },
      ],
      miles_ledger: [{ time: '1970-01-01 00:00:01.500000', event_id: 'e', delta: -7 }],
    },
  ]);
});

test('ten years of days go into one insert', async () => {
  const rows = Array.from({ length: 3_650 }, (_, at) => ({
    day: 15_000 + at,
    user: 'years',
    id: 'a',
    source: 'years/0',
    offset: at,
  }));
  await store.insert('events_rows', [eventsBlock(rows)]);
  expect(await ch.rows(`SELECT count() AS n FROM events WHERE user_id = 'years'`)).toEqual([
    { n: 3_650 },
  ]);
});

test('a block may come in pieces, and several blocks in one insert', async () => {
  const block = (id: string) =>
    eventsBlock([{ day: 19_000, user: 'pieces', id, source: 'pieces/0', offset: 1 }]);
  const first = block('a');
  await store.insert('events_rows', [first.subarray(0, 20), first.subarray(20), block('b')]);
  expect(await ch.rows(`SELECT count() AS n FROM events WHERE user_id = 'pieces'`)).toEqual([
    { n: 2 },
  ]);
});

test('accepted rows are read below an offset, for some buckets of one day of one source', async () => {
  const row = { day: 19_001, user: 'u', source: 'read/0', platform: 'web', time: 5 };
  await store.insert('events_rows', [
    eventsBlock([
      { ...row, id: 'in', offset: 1, bucket: 3 },
      { ...row, id: 'other bucket', offset: 2, bucket: 4 },
      { ...row, id: 'other source', offset: 2, bucket: 3, source: 'read/1' },
      { ...row, id: 'other day', offset: 2, bucket: 3, day: 19_002 },
      { ...row, id: 'not below', offset: 7, bucket: 3 },
    ]),
  ]);
  const read = await store.readAccepted({
    table: 'events_rows',
    source: 'read/0',
    days: [19_001, 19_000],
    buckets: [3, 5],
    before: 7,
    columns: ['event_id', 'platform', 'country', 'event_time', 'event_type'],
  });
  expect(read).toEqual(
    Buffer.concat([
      text('in'),
      Buffer.from([0]),
      text('web'),
      Buffer.from([1]),
      Buffer.from(BigInt64Array.of(5n).buffer),
      text('page_view'),
    ]),
  );
});

test('a load of 100,000 keys comes back whole', async () => {
  const rows = Array.from({ length: 100_000 }, (_, at) => ({
    day: 19_003,
    user: `user-${at}`,
    id: 'a',
    source: 'many/0',
    offset: at,
    bucket: at % 256,
  }));
  await store.insert('events_rows', [eventsBlock(rows)]);
  const read = await store.readAccepted({
    table: 'events_rows',
    source: 'many/0',
    days: [19_003],
    buckets: Array.from({ length: 256 }, (_, bucket) => bucket),
    before: 100_000,
    columns: ['bucket'],
  });
  expect(read.length).toBe(100_000);
});

test('what other sources accepted is read without what this source itself holds from there on', async () => {
  const row = { day: 19_004, user: 'u', bucket: 0 };
  await store.insert('events_rows', [
    eventsBlock([
      { ...row, id: 'elsewhere', source: 'other/0', offset: 900 },
      { ...row, id: 'both, later', source: 'other/0', offset: 901 },
      { ...row, id: 'both, later', source: 'cold/0', offset: 5 },
      { ...row, id: 'both, earlier', source: 'other/0', offset: 902 },
      { ...row, id: 'both, earlier', source: 'cold/0', offset: 4 },
      { ...row, id: 'only here', source: 'cold/0', offset: 6 },
    ]),
  ]);
  const query = { table: 'events_rows', source: 'cold/0', days: [19_004], buckets: [0], before: 5 };
  const columns = ['user_id', 'event_id', 'event_time'];
  const read = await store.readAcceptedElsewhere({ ...query, columns });
  const pairs = read.toString('latin1');
  expect(pairs).toContain('elsewhere');
  expect(pairs).toContain('both, earlier');
  expect(pairs).not.toContain('both, later');
  expect(pairs).not.toContain('only here');
});

test('what a source stored from an offset on under older rules is named and removed, and the rest stays', async () => {
  // Of its own, because a deletion takes its time for every part of a table.
  const database = await ch.freshDatabase();
  const store = new ClickHouseStore(database);
  const row = { day: 19_005, user: 'r', bucket: 7, source: 'remove/0' };
  await store.insert('events_rows', [
    eventsBlock([
      { ...row, id: 'before', offset: 1 },
      { ...row, id: 'from', offset: 2 },
      { ...row, id: 'after', offset: 3, day: 19_006 },
      { ...row, id: 'other', offset: 3, source: 'remove/1' },
      { ...row, id: 'newer', offset: 4, day: 19_007, rulesEpoch: 2 },
    ]),
  ]);
  const range = { stream: 'app-events', source: 'remove/0', offset: 2, beforeEpoch: 2 };
  const outdated = await store.readOutdated('events_rows', range);
  const days = outdated.map(({ day, bucket, entity }) => [day, bucket, entity.toString()]);
  expect(days.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
    [19_005, 7, 'r'],
    [19_006, 7, 'r'],
  ]);
  await rejectedOfTwoStreams('remove/0', database);
  await store.removeOutdated(TABLES, range);
  expect(
    await ch.rows(`SELECT stream, offset FROM rejected_events ORDER BY ALL`, database),
  ).toEqual([
    { stream: 'app-events', offset: 1 },
    { stream: 'order-lines', offset: 1 },
    { stream: 'order-lines', offset: 2 },
  ]);
  expect(await ch.rows(`SELECT event_id FROM events ORDER BY event_id`, database)).toEqual([
    { event_id: 'before' },
    { event_id: 'newer' },
    { event_id: 'other' },
  ]);
  expect(await store.readOutdated('events_rows', range)).toEqual([]);
});

test('what a source has stored beyond an offset is known record by record, and of no other stream', async () => {
  const source = 'file:ahead.csv';
  const row = { day: 19_005, user: 'a', bucket: 7, source };
  await store.insert('events_rows', [
    eventsBlock([
      { ...row, id: 'before', offset: 1 },
      { ...row, id: 'first', offset: 2 },
      { ...row, id: 'last', offset: 8 },
      { ...row, id: 'beyond', offset: 9 },
      { ...row, id: 'other', offset: 3, source: 'file:other.csv' },
    ]),
  ]);
  await ch.client.command({
    query: `INSERT INTO late_events_rows (event_date, bucket, user_id, event_id, source, offset)
      SELECT toDate(19004), 3, 'b', 'late', '${source}', 5`,
  });
  await rejectedOfTwoStreams(source);
  const range = { stream: 'order-lines', source, offset: 2, before: 9 };
  const event = { outcome: 'accepted', day: 19_005, bucket: 7, entity: Buffer.from('a') };
  const found = await store.readAhead(TABLES, { ...range, stream: 'app-events' });
  expect(found.toSorted((a, b) => a.offset - b.offset)).toEqual([
    { ...event, offset: 2, id: Buffer.from('first') },
    { outcome: 'invalid', offset: 4, reason: 'truncated', checksum: crc32('app-events') },
    { ...event, outcome: 'late', offset: 5, day: 19_004, bucket: 3, ...LATE },
    { ...event, offset: 8, id: Buffer.from('last') },
  ]);
  const [refused] = (await store.readAhead(TABLES, range)).filter((one) => 'reason' in one);
  expect(refused).toMatchObject({ offset: 2, checksum: crc32('order-lines') });
});

test('a progress line is read back as it was written, empty ones too', async () => {
  const empty = { ...LINE, source: 'empty/0', watermark: null };
  const nothing = { ...empty, lastOffset: null, lastRecordTime: null, lastChecksum: null };
  await store.writeProgress([LINE, nothing]);
  expect(await store.readProgress('app-events', 'line/0')).toEqual(LINE);
  expect(await store.readProgress('app-events', 'empty/0')).toEqual(nothing);
  expect(await store.readProgress('order-lines', 'line/0')).toBeUndefined();
  expect(
    await ch.rows(`SELECT toString(watermark) AS w, toString(last_record_time) AS t
      FROM source_progress WHERE source = 'line/0'`),
  ).toEqual([{ w: '2023-11-14 22:13:20.123456', t: '2023-11-14 22:13:20.123' }]);
});

test('a progress line gives way to a higher offset or rules epoch only', async () => {
  const line = { ...LINE, source: 'order/0' };
  await store.writeProgress([{ ...line, nextOffset: 20 }]);
  await store.writeProgress([{ ...line, nextOffset: 19 }]);
  expect((await store.readProgress('app-events', 'order/0'))?.nextOffset).toBe(20);
  await store.writeProgress([{ ...line, nextOffset: 3, rulesEpoch: 2 }]);
  await store.writeProgress([{ ...line, nextOffset: 30 }]);
  expect((await store.readProgress('app-events', 'order/0'))?.nextOffset).toBe(3);
  expect(await ch.rows(`SELECT next_offset FROM source_progress WHERE source = 'order/0'`)).toEqual(
    [{ next_offset: 3 }],
  );
});

test('the newest generation of a log is the one that goes on', async () => {
  await store.writeProgress([
    { ...LINE, source: 'gen/1', nextOffset: 500, rulesEpoch: 9 },
    { ...LINE, source: 'gen/1@2', nextOffset: 5 },
    { ...LINE, source: 'gen/1@10', nextOffset: 4 },
    { ...LINE, source: 'gen/10', nextOffset: 3 },
    { ...LINE, source: 'gen/1@x', nextOffset: 2 },
  ]);
  expect((await store.readProgress('app-events', 'gen/1'))?.source).toBe('gen/1@10');
});

test('an insert that the server refuses carries its code and is not to be repeated', async () => {
  await expect(store.insert('no_such_table', [eventsBlock([])])).rejects.toMatchObject({
    name: 'WarehouseError',
    code: '60',
    retryable: false,
  });
});

test('a server that is away is worth another try', async () => {
  const { openClickHouse } = await import('../../src/warehouse/clickhouse-client.ts');
  const away = openClickHouse({ url: 'http://127.0.0.1:9/tidemark' });
  await expect(new ClickHouseStore(away).writeProgress([LINE])).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    retryable: true,
  });
  await away.close();
});

test('an aborted store says why it was aborted', async () => {
  const controller = new AbortController();
  const stopping = new ClickHouseStore(ch.client, { signal: controller.signal });
  controller.abort(new Error('stopping'));
  await expect(stopping.writeProgress([LINE])).rejects.toThrow('stopping');
});
