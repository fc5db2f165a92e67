/** In: traffic. Out: a file of its events, in the order of sending; without what no row can hold. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { AvroBytes } from '../../sources/file/avro-bytes.ts';
import type { FileFormat } from '../../sources/file/open-rows.ts';
import { AppEventEncoder } from '../../traffic/app-event.ts';
import type { AppEvent } from '../../traffic/app-event.ts';
import type { Traffic, TrafficRecord } from '../../traffic/traffic.ts';
import { UsageError } from '../exit-status.ts';

export interface WriteTrafficOptions {
  readonly path: string;
  readonly format: FileFormat;
  readonly traffic: Traffic;
  /** Of the stream, as JSON text. */
  readonly schema: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (rows: number) => void;
}

export interface WrittenTraffic {
  readonly rows: number;
  /** Broken records that no row of this format can hold, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}

const ROWS_AT_A_TIME = 2000;

/**
 * Replaces the file when it is whole; leaves nothing behind when it does not get there. Throws a
 * UsageError when the file cannot be written.
 */
export async function writeTraffic(options: WriteTrafficOptions): Promise<WrittenTraffic> {
  const { path, format, signal } = options;
  const partial = `${path}.partial`;
  const leftOut = new Map<string, number>();
  const written = { rows: 0 };
  const chunks = chunksOf(options, leftOut, written);
  const file = createWriteStream(partial);
  try {
    if (format.endsWith('.gz')) await pipeline(chunks, createGzip({ level: 3 }), file, { signal });
    else await pipeline(chunks, file, { signal });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new UsageError(`${path} cannot be written: ${error.message}`, { cause: error });
  }
  return { rows: written.rows, leftOut: Object.fromEntries(leftOut) };
}

async function* chunksOf(
  { format, traffic, schema, signal, onProgress }: WriteTrafficOptions,
  leftOut: Map<string, number>,
  written: { rows: number },
): AsyncGenerator<Buffer> {
  const rows = rowsOf(format, schema, traffic.options.seed);
  if (rows.head.length > 0) yield rows.head;
  let chunk: Buffer[] = [];
  for (const record of traffic) {
    const reason = hindrance(record, format);
    if (reason !== null) {
      leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
      continue;
    }
    written.rows++;
    chunk.push(rows.row(record.event));
    if (chunk.length < ROWS_AT_A_TIME) continue;
    yield rows.block(chunk);
    chunk = [];
    // So that Ctrl-C is heard between two chunks.
    await new Promise(setImmediate);
    signal.throwIfAborted();
    onProgress?.(written.rows);
  }
  if (chunk.length > 0) yield rows.block(chunk);
}

function hindrance({ damage }: TrafficRecord, format: FileFormat): string | null {
  if (damage === null) return null;
  // An empty cell of CSV is no value, and an event without an id gets one.
  const isNone = damage.reason === 'event_id_empty' && format.startsWith('csv');
  return damage.value !== undefined || isNone ? damage.reason : null;
}

interface RowFormat {
  readonly head: Buffer;
  row(event: AppEvent): Buffer;
  block(rows: readonly Buffer[]): Buffer;
}

function rowsOf(format: FileFormat, schema: string, seed: number): RowFormat {
  const block = (rows: readonly Buffer[]) => Buffer.concat(rows);
  switch (format) {
    case 'avro':
      return avroContainer(schema, seed);
    case 'csv':
    case 'csv.gz':
      return { head: Buffer.from(`${FIELDS.join(',')}\n`), row: csvRow, block };
    case 'ndjson':
    case 'ndjson.gz':
      return { head: Buffer.alloc(0), row: jsonRow, block };
  }
}

const FIELDS = [
  'event_id',
  'user_id',
  'event_type',
  'event_time',
  'platform',
  'utm_source',
  'country',
  'transaction_category',
  'miles_amount',
  'producer_session_id',
  'page_url',
  'product_id',
  'order_id',
  'plan_id',
  'feature',
  'properties',
] as const satisfies readonly (keyof AppEvent)[];

function csvRow(event: AppEvent): Buffer {
  const cells = FIELDS.map((field) => {
    const value = event[field];
    if (field === 'event_time') return isoTime(event.event_time);
    if (value === null) return '';
    if (typeof value === 'number') return wholeNumber(value);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return Buffer.from(`${cells.join(',')}\n`);
}

function jsonRow(event: AppEvent): Buffer {
  const { miles_amount: miles } = event;
  const exact =
    miles === null || Number.isSafeInteger(miles) ? {} : { miles_amount: wholeNumber(miles) };
  const row = { ...event, event_time: isoTime(event.event_time), ...exact };
  return Buffer.from(`${JSON.stringify(row)}\n`);
}

function wholeNumber(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

/** With all six decimals of the second. */
function isoTime(micros: number): string {
  const text = new Date(Math.floor(micros / 1000)).toISOString();
  return `${text.slice(0, -1)}${String(((micros % 1000) + 1000) % 1000).padStart(3, '0')}Z`;
}

/** An Avro object container file, not packed. */
function avroContainer(schema: string, seed: number): RowFormat {
  const sync = createHash('sha256').update(`${schema} ${seed}`).digest().subarray(0, 16);
  const head = new AvroBytes();
  head.raw(Buffer.from('Obj\u0001', 'latin1'));
  head.long(2);
  head.string('avro.schema');
  head.string(schema);
  head.string('avro.codec');
  head.string('null');
  head.long(0);
  head.raw(sync);
  const encoder = new AppEventEncoder(Buffer.alloc(0));
  return {
    head: head.copy(),
    row: (event) => encoder.encode(event),
    block: (rows) => {
      const bytes = new AvroBytes();
      bytes.long(rows.length);
      bytes.bytes(Buffer.concat(rows));
      bytes.raw(sync);
      return bytes.copy();
    },
  };
}
