/** In: a query of numbers. Out: its rows in one array, and the hash of what was read. */
import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { WorkError } from '../exit-status.ts';

export interface NumberTable {
  /** Row after row. */
  readonly values: Float64Array;
  readonly rows: number;
  /** SHA-256 of the names and values, hexadecimal. */
  readonly fingerprint: string;
}

export interface NumberQuery {
  /** Its columns must be Float64 and in an order that is always the same, its rows too. */
  readonly query: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Of its columns. */
  readonly names: readonly string[];
  /** For as many rows there is room from the start; more cost a copy. */
  readonly expectedRows: number;
  readonly signal: AbortSignal;
}

/** Queries may be silent for minutes: headers meanwhile keep the connection alive. */
export const LONG_QUERY = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '5000',
} as const;

/** ClickHouse writes rows of Float64 as they lie in memory here. */
export async function readNumbers(
  client: ClickHouseClient,
  { query, parameters, names, expectedRows, signal }: NumberQuery,
): Promise<NumberTable> {
  const rowBytes = names.length * Float64Array.BYTES_PER_ELEMENT;
  const hash = createHash('sha256').update(JSON.stringify(names));
  const result = await client.exec({
    query: `${query}\nFORMAT RowBinary`,
    query_params: { ...parameters },
    abort_signal: signal,
    clickhouse_settings: LONG_QUERY,
  });
  let bytes = new Uint8Array(Math.max(expectedRows, 1) * rowBytes);
  let length = 0;
  for await (const chunk of result.stream as AsyncIterable<Buffer>) {
    if (length + chunk.length > bytes.length) {
      const grown = new Uint8Array(
        Math.ceil((1.5 * (length + chunk.length)) / rowBytes) * rowBytes,
      );
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(chunk, length);
    length += chunk.length;
    hash.update(chunk);
  }
  if (length % rowBytes !== 0) {
    throw new WorkError(
      'ClickHouse stopped in the middle of the features: look at its log, and start again',
    );
  }
  return {
    values: new Float64Array(bytes.buffer, 0, length / Float64Array.BYTES_PER_ELEMENT),
    rows: length / rowBytes,
    fingerprint: hash.digest('hex'),
  };
}
