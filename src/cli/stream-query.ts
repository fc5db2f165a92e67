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

/** ClickHouse puts an error that comes in the middle of a result at its end, in at most so many bytes. */
const HELD_BACK = 32 * 1024;

export async function streamQuery(
  client: ClickHouseClient,
  { stdout, signal }: Invocation,
  { query, parameters, format, readOnly }: StreamedQuery,
): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  let tag: string | undefined;
  try {
    const result = await client.exec({
      query,
      query_params: parameters,
      abort_signal: signal,
      clickhouse_settings: { readonly: readOnly ? '2' : '0', default_format: format as DataFormat },
    });
    tag = headerText(result.response_headers['x-clickhouse-exception-tag']);
    for await (const chunk of result.stream as AsyncIterable<Buffer>) {
      held = Buffer.concat([held, chunk]);
      if (held.length <= HELD_BACK) continue;
      await write(stdout, held.subarray(0, -HELD_BACK));
      held = held.subarray(-HELD_BACK);
    }
  } catch (error) {
    // The stream breaks off after such an error; the error says more than the break.
    if (exceptionAt(held, tag) < 0) throw shortened(error);
  }
  const { data, error } = splitException(held, tag);
  await write(stdout, data);
  if (error !== null) throw new WorkError(`ClickHouse stopped in the middle: ${error}`);
}

/** What precedes an error in the middle of a result; the tag is drawn anew for each answer. */
function exceptionAt(held: Buffer, tag: string | undefined): number {
  return tag === undefined ? -1 : held.lastIndexOf(`\r\n__exception__\r\n${tag}`);
}

function splitException(
  held: Buffer,
  tag: string | undefined,
): { data: Buffer; error: string | null } {
  const at = exceptionAt(held, tag);
  if (at < 0) return { data: held, error: null };
  const lines = held.subarray(at).toString().trim().split(/\r?\n/);
  return { data: held.subarray(0, at), error: withoutNoise(lines.slice(2, -2).join(' ')) };
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

function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
