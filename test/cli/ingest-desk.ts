/** For tests of `ingest`: a database of one's own to ingest into, and files of made-up events. */
import { createWriteStream, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import avro from 'avsc';
import { expect } from 'vitest';
import { Random } from '../../src/traffic/random.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import type { Ended, Running } from './tidemark.ts';
import { start, tidemark } from './tidemark.ts';

export interface Summary {
  readonly rows_read: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  readonly reasons: Readonly<Record<string, number>>;
}

export interface Desk {
  readonly environment: Readonly<Record<string, string>>;
  rows(query: string): Promise<Record<string, unknown>[]>;
  /** The command within this process. */
  ingest(...argv: string[]): Promise<Ended>;
  /** The command as a process of its own. */
  startIngest(...argv: string[]): Running;
  /** The outcomes of a run that must succeed; that they add up is checked. */
  outcomes(...argv: string[]): Promise<Summary>;
  /** All that `ingest` may change, but for when that was. */
  stored(): Promise<Readonly<Record<string, unknown[]>>>;
  /** The distinct events and their fold, whatever files they came from. */
  facts(): Promise<Readonly<Record<string, unknown[]>>>;
}

export async function emptyDesk(clickhouse: TestClickHouse): Promise<Desk> {
  const client = await clickhouse.freshDatabase();
  const rows = (query: string) => clickhouse.rows(query, client);
  const [database] = await rows('SELECT currentDatabase() AS name');
  const environment = {
    CLICKHOUSE_URL: new URL(`/${String(database!['name'])}`, clickhouse.url).href,
  };
  const line = (argv: readonly string[]) => ['ingest', ...argv, '--stream', 'app-events'];
  const ingest = (...argv: string[]) => tidemark(line(argv), environment);
  return {
    environment,
    rows,
    ingest,
    startIngest: (...argv) => start(line(argv), environment),
    async outcomes(...argv) {
      const { status, stdout, stderr } = await ingest(...argv, '--json');
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      const summary = JSON.parse(stdout) as Summary;
      const { rows_read, accepted, duplicate, late, future, invalid, reasons } = summary;
      expect(accepted + duplicate + late + future + invalid).toBe(rows_read);
      expect(Object.values(reasons).reduce((sum, n) => sum + n, 0)).toBe(future + invalid);
      return { rows_read, accepted, duplicate, late, future, invalid, reasons };
    },
    async stored() {
      return {
        events: await rows('SELECT * EXCEPT ingested_at FROM events ORDER BY ALL'),
        days: await rows('SELECT * EXCEPT updated_at FROM user_days ORDER BY ALL'),
        late: await rows('SELECT * EXCEPT ingested_at FROM late_events ORDER BY ALL'),
        rejected: await rows('SELECT * EXCEPT rejected_at FROM rejected_events ORDER BY ALL'),
        progress: await rows('SELECT * EXCEPT updated_at FROM source_progress ORDER BY ALL'),
      };
    },
    async facts() {
      return {
        events: await rows(
          'SELECT * EXCEPT (ingested_at, source, offset, record_time) FROM events ORDER BY ALL',
        ),
        days: await rows('SELECT * EXCEPT (updated_at, version) FROM user_days ORDER BY ALL'),
      };
    },
  };
}

export interface Event {
  readonly event_id: string;
  readonly user_id: string;
  readonly event_type: string;
  /** Microseconds since 1970. */
  readonly event_time: number;
  readonly platform: string | null;
  readonly miles_amount: number | null;
}

const FIRST_DAY = Date.UTC(2024, 2, 1) * 1000;
export const DAY = 86_400_000_000;

/** So many events a day in order of time, all different. */
export function someEvents(seed: number, days: number, perDay: number): Event[] {
  const random = new Random(seed);
  const users = Math.ceil(perDay / 4);
  return Array.from({ length: days * perDay }, (_, n): Event => {
    const type = ['page_view', 'checkout', 'package_shipped', 'miles_earned'][random.below(4)]!;
    return {
      event_id: `event-${n}`,
      user_id: `user-${random.below(users)}`,
      event_type: type,
      event_time: FIRST_DAY + Math.floor((n * DAY) / perDay) + random.below(1000),
      platform: [null, 'ios', 'web', 'Müsli "2", x\ny'][random.below(4)]!,
      miles_amount: type === 'miles_earned' ? random.below(500) : null,
    };
  });
}

export const COLUMNS = [
  'event_id',
  'user_id',
  'event_type',
  'event_time',
  'platform',
  'miles_amount',
] as const;

export function csvOf(events: readonly Event[]): string {
  const lines = events.map((event) =>
    COLUMNS.map((name) => {
      if (name === 'event_time') return isoOf(event.event_time);
      const text = String(event[name] ?? '');
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    }).join(','),
  );
  return [COLUMNS.join(','), ...lines, ''].join('\n');
}

function isoOf(micros: number): string {
  const [second] = new Date(micros / 1000).toISOString().split('.');
  return `${second}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}

function ndjsonOf(events: readonly Event[]): string {
  const lines = events.map(({ event_time, ...rest }) =>
    JSON.stringify({ ...rest, event_time: isoOf(event_time) }),
  );
  return `${lines.join('\n')}\n`;
}

export const SCHEMA = JSON.parse(
  readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8'),
) as avro.Schema & { fields: { name: string }[] };

/** By default with the stream's own schema. */
export async function writeContainer(
  path: string,
  records: Iterable<object>,
  { schema = SCHEMA, codec = 'deflate' }: { schema?: avro.Schema | undefined; codec?: string } = {},
): Promise<void> {
  const encoder = new avro.streams.BlockEncoder(schema, { codec });
  await pipeline(Readable.from(records), encoder, createWriteStream(path));
}

/** In the format that the name ends with. */
export async function writeEvents(path: string, events: readonly Event[]): Promise<void> {
  if (path.endsWith('.avro')) {
    const empty = Object.fromEntries(SCHEMA.fields.map(({ name }) => [name, null]));
    const records = events.map((event) => ({ ...empty, ...event, properties: {} }));
    return writeContainer(path, records);
  }
  const text = path.includes('.ndjson') ? ndjsonOf(events) : csvOf(events);
  await writeFile(path, path.endsWith('.gz') ? gzipSync(text) : text);
}
