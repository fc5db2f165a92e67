/** A connection to ClickHouse: a URL in, the official client with our settings out. */
import { ClickHouseLogLevel, createClient, type ClickHouseClient } from '@clickhouse/client';

export interface ClickHouseOptions {
  /** `http://user:password@host:8123/database`; https too. Without a database: `default`. */
  readonly url: string;
  /** How long a request may be silent before it counts as lost, in milliseconds. 1…3,600,000. Default 60,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** How many requests may be under way at once. 1…1,000. Default 10. */
  readonly maxConnections?: number | undefined;
}

/** Opens no connection yet: the first request does. Close it with `close()`. */
export function openClickHouse(options: ClickHouseOptions): ClickHouseClient {
  return createClient({
    url: options.url,
    request_timeout: options.requestTimeoutMs ?? 60_000,
    max_open_connections: options.maxConnections ?? 10,
    application: 'tidemark',
    // Whoever asked gets the error, and logs it once.
    log: { level: ClickHouseLogLevel.OFF },
    compression: { request: false, response: false },
    clickhouse_settings: { date_time_input_format: 'best_effort' },
  });
}
