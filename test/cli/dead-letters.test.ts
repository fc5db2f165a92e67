import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalRegistry } from '../../src/decode/local-registry.ts';
import { BUNDLED_SCHEMAS } from '../../src/decode/schema-folder.ts';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import type { EmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { tidemark } from './tidemark.ts';

const OWN = '{"type":"record","name":"Own","fields":[{"name":"who","type":"string"}]}';

let dataDir: string;
let server: EmbeddedClickHouse;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-cli-'));
  server = await startEmbeddedClickHouse({ dataDir });
  const registered = join(dataDir, 'registry');
  const registry = new LocalRegistry({ schemas: BUNDLED_SCHEMAS, registered, topics: {} });
  const { id } = registry.add('of-another-stream', OWN);
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  const own = avro.Type.forSchema(JSON.parse(OWN) as avro.Schema).toBuffer({ who: 'u9' });
  const value = Buffer.concat([header, own]).toString('hex');
  await write(`INSERT INTO rejected_events_rows
      (stream, source, offset, record_time, rules_epoch, outcome, reason, key, bytes, fields, rejected_at, replayed_at)
    VALUES
      ('app-events', 'app-events/0', 7, '2026-03-01 10:00:00', 1, 'invalid', 'miles_missing', 'u1', 'x', '{"user_id":"u1","country":null,"feature":"\u009b2J"}', '2026-03-02 00:00:00', NULL),
      ('app-events', 'app-events/0', 9, '2026-03-03 10:00:00', 1, 'invalid', 'miles_missing', 'u1', 'x', '{}', '2026-03-03 00:00:00', NULL),
      ('app-events', 'app-events/0', 9, '2026-03-03 10:00:00', 1, 'invalid', 'miles_missing', 'u1', 'x', '{}', '2026-03-03 00:00:00', '2026-03-04 00:00:00'),
      ('app-events', 'app-events/1', 3, NULL, 1, 'invalid', 'not_confluent_avro', unhex('00ff'), unhex('fe68656c6c6f0a'), '', '2026-03-05 00:00:00', NULL),
      ('app-events', 'app-events/1', 4, NULL, 1, 'invalid', 'incompatible_schema', NULL, unhex('${value}'), '', '2026-03-05 00:00:00', NULL),
      ('app-events', 'app-events/1', 5, NULL, 1, 'invalid', 'empty_value', NULL, NULL, '', '2026-03-05 00:00:00', NULL)`);
  await write(`INSERT INTO late_events_rows
      (event_date, user_id, event_id, event_time, event_type, source, offset, record_time, rules_epoch, days_late)
    VALUES ('2026-01-01', 'u2', 'e2', '2026-01-01 08:00:00.5', 'like', 'app-events/1', 2, '2026-03-01 11:00:00', 1, 59)`);
});
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

const on = (...argv: string[]) => tidemark([...argv, '--data-dir', dataDir]);

async function write(statement: string): Promise<void> {
  const { status, stderr } = await on('sql', '--write', statement);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
}

async function list(...argv: string[]): Promise<Record<string, unknown>[]> {
  const { status, stdout } = await on('dead-letters', 'list', '--json', ...argv);
  expect(status).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

test('what was refused or late is counted by source and reason, a record read twice once', async () => {
  const groups = await list();
  expect(groups[0]).toEqual({
    stream: 'app-events',
    source: 'app-events/0',
    outcome: 'invalid',
    reason: 'miles_missing',
    records: 2,
    done: 1,
    first_at: '2026-03-01T10:00:00.000Z',
    last_at: '2026-03-03T10:00:00.000Z',
    example_offset: 7,
  });
  expect(groups.map(({ reason, records }) => [reason, records])).toEqual([
    ['miles_missing', 2],
    ['empty_value', 1],
    ['incompatible_schema', 1],
    ['not_confluent_avro', 1],
    ['late', 1],
  ]);
});

test('filters narrow it down: reason, source, and the time of the record', async () => {
  const reasons = async (...argv: string[]) => (await list(...argv)).map(({ reason }) => reason);
  expect(await reasons('--reason', 'late', '--reason', 'empty_value')).toEqual([
    'empty_value',
    'late',
  ]);
  expect(await reasons('--source', 'app-events/0')).toEqual(['miles_missing']);
  expect(await reasons('--until', '2026-03-01T10:00:00Z')).toEqual([]);
  expect(await reasons('--until', '2026-03-01T10:00:00.001')).toEqual(['miles_missing']);
  expect(await reasons('--since', '2026-03-01T10:30:00', '--until', '2026-03-02')).toEqual([
    'late',
  ]);
  // Without a time of its own a record has that at which it was stored.
  expect(await reasons('--since', '2026-03-05', '--reason', 'not_confluent_avro')).toHaveLength(1);
  expect(await reasons('--reason', "' OR 1 --")).toEqual([]);
});

test('the list is a table for people, and says when it is cut', async () => {
  const { stdout, stderr } = await on('dead-letters', 'list', '--limit', '1');
  expect(stdout).toMatch(/^stream +source +outcome +reason +records +done +first +last +example\n/);
  expect(stdout).toMatch(/\napp-events +app-events\/0 +invalid +miles_missing +2 +1 .* 7\n$/);
  expect(stderr).toBe('There are more: see --limit.\n');
  const none = await on('dead-letters', 'list', '--source', 'nowhere');
  expect(none).toEqual({ status: 0, stdout: '', stderr: 'Nothing was refused or late.\n' });
});

test('a record is shown with its reason in words, its key, and its fields', async () => {
  const { stdout } = await on('dead-letters', 'show', 'app-events/0', '7');
  expect(stdout).toContain('miles_missing: the event type moves miles and miles_amount is null');
  expect(stdout).toMatch(/\nkey +u1\n/);
  expect(stdout).toContain('fields\n  "user_id": "u1",\n  "feature": "\\u009b2J"\n');
  expect((await on('dead-letters', 'show', 'app-events/0', '9')).stdout).toContain(
    'replayed    2026-03-04T00:00:00.000Z',
  );
});

test('a record that the stream cannot read is decoded by its writer’s schema, or shown as bytes', async () => {
  const show = async (offset: string) =>
    (await on('dead-letters', 'show', 'app-events/1', offset)).stdout;
  expect(await show('4')).toContain('fields, by its writer\'s schema\n  "who": "u9"');
  const bytes = await show('3');
  expect(bytes).toMatch(/\nkey +0x00FF\n/);
  expect(bytes).toMatch(/value, 7 bytes\n000000 {2}fe 68 65 6c 6c 6f 0a +\.hello\.\n/);
  expect(await show('5')).toContain('it has no value\n');
});

test('a late event is shown with its fields, and by how much it was late', async () => {
  const { stdout } = await on('dead-letters', 'show', 'app-events/1', '2', '--json');
  expect(JSON.parse(stdout)).toMatchObject([
    {
      outcome: 'late',
      meaning: expect.stringContaining('59 days before the watermark') as string,
      fields: { event_id: 'e2', user_id: 'u2', event_time: '2026-01-01T08:00:00.500000Z' },
      done_at: null,
    },
  ]);
});

test('what is not there ends with 1, and no offset with 2', async () => {
  const none = await on('dead-letters', 'show', 'app-events/0', '8');
  expect(none.stderr).toContain('is at offset 8 of app-events/0');
  expect(none.status).toBe(1);
  expect((await on('dead-letters', 'show', 'app-events/0', 'x')).status).toBe(2);
  expect((await on('dead-letters', 'list', '--since', 'noon')).status).toBe(2);
});
