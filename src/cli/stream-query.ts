/** In: a query. Out: its result on stdout as it arrives, in the format asked for. */
import { once } from 'node:events';
import { ClickHouseError } from '@clickhouse/client';
import type { ClickHouseClient, DataFormat } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';
import { WorkError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';

interface StreamedQuery {
  readonly query: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Unless the query says a format itself. */
  readonly format: string;
  readonly readOnly: boolean;
}

export async function streamQuery(
  client: ClickHouseClient,
  { stdout, signal }: Invocation,
  { query, parameters, format, readOnly }: StreamedQuery,
): Promise<void> {
  let marker = Buffer.alloc(0);
  let held: Buffer = Buffer.alloc(0);
  let problem: unknown = null;
  try {
    const result = await client.exec({
      query,
      query_params: parameters,
      abort_signal: signal,
      clickhouse_settings: {
        readonly: readOnly ? '2' : '0',
        default_format: format as DataFormat,
        cancel_http_readonly_queries_on_client_close: 1,
      },
    });
    marker = exceptionMarker(result.response_headers['x-clickhouse-exception-tag']);
    for await (const chunk of result.stream as AsyncIterable<Buffer>) {
      held = Buffer.concat([held, chunk]);
      const at = markerStart(held, marker);
      await write(stdout, held.subarray(0, at));
      held = held.subarray(at);
    }
  } catch (error) {
    problem = error;
  }
  // The stream breaks off after an error in its middle; what it says tells more than the break.
  if (marker.length > 0 && held.includes(marker)) throw exceptionIn(held);
  if (problem !== null) throw shortened(problem);
  await write(stdout, held);
}

/** What precedes an error in the middle of a result, with a tag that is drawn anew for each answer. */
function exceptionMarker(tag: string | string[] | undefined): Buffer<ArrayBuffer> {
  return Buffer.from(typeof tag === 'string' ? `\r\n__exception__\r\n${tag}` : '');
}

/** Where the marker begins, or what may become one; the end of the bytes where nothing does. */
function markerStart(bytes: Buffer, marker: Buffer): number {
  const whole = marker.length === 0 ? -1 : bytes.indexOf(marker);
  if (whole >= 0) return whole;
  for (let size = Math.min(marker.length - 1, bytes.length); size > 0; size--) {
    if (bytes.subarray(-size).equals(marker.subarray(0, size))) return bytes.length - size;
  }
  return bytes.length;
}

function exceptionIn(held: Buffer): WorkError {
  const lines = held.toString().trim().split(/\r?\n/);
  return new WorkError(
    `ClickHouse stopped in the middle: ${withoutNoise(lines.slice(2, -2).join(' '))}`,
  );
}

/** ClickHouse's message without its version, code and stack. */
function withoutNoise(message: string): string {
  return message
    .replace(/^Code: \d+\. DB::Exception: /, '')
    .replace(/ \(version [^)]*\)+\s*$/, '')
    .replace(/ Stack trace:.*$/s, '');
}

function shortened(error: unknown): Error {
  if (!(error instanceof ClickHouseError)) return warehouseError(error, 'run the query');
  const { code, type, message } = error;
  if (code === '164') {
    return new WorkError(`${withoutNoise(message)} Give --write to allow it.`, { cause: error });
  }
  return new WorkError(`${withoutNoise(message)} (${type ?? code})`, { cause: error });
}

async function write(stdout: Invocation['stdout'], data: Buffer): Promise<void> {
  if (data.length > 0 && !stdout.write(data)) await once(stdout, 'drain');
}
