/**
 * In: datasets. Out: their rows, and what their columns mean. Everybody who asks for the same within a few
 * seconds gets the same answer, so reloads do not load ClickHouse.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import PQueue from 'p-queue';
import type { Dataset, Range, Row } from './dataset.ts';
import { isRanged } from './dataset.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
}

export interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly readAt: Date;
}

interface Kept {
  /** Milliseconds since 1970. */
  until: number;
  readonly answer: Promise<Answer>;
}

/** By view and column: the comment. */
export type Definitions = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface WarehouseReaderOptions {
  /** How long an answer is given again at least, in milliseconds. Default 5,000. */
  readonly keepMs?: number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** An answer is given again for so many times as long as it took, so that pages never keep ClickHouse busy. */
const KEPT_TIMES = 20;
const LONGEST_KEPT_MS = 60_000;
const WITHIN_SECONDS = 10;
const MAX_ROWS = 20_000;
/** The processor writes over the same connections, and goes first. */
const AT_ONCE = 3;
const DEFINITIONS = `
SELECT table, name, comment
FROM system.columns
WHERE database = currentDatabase() AND comment != ''`;

export class WarehouseReader {
  readonly #client: ClickHouseClient;
  readonly #keepMs: number;
  readonly #now: () => number;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  /** At most one entry per dataset and range. */
  readonly #answers = new Map<string, Kept>();

  constructor(client: ClickHouseClient, options: WarehouseReaderOptions = {}) {
    this.#client = client;
    this.#keepMs = options.keepMs ?? 5_000;
    this.#now = options.now ?? Date.now;
  }

  /** Rejects when ClickHouse cannot be reached, takes too long or does not know the view. */
  read(dataset: Dataset, range: Range): Promise<Answer> {
    return isRanged(dataset)
      ? this.#kept(`${dataset.name} ${range.value}`, dataset.sql, { days: range.days })
      : this.#kept(dataset.name, dataset.sql, {});
  }

  /** Rejects as `read` does. */
  async definitions(): Promise<Definitions> {
    const { rows } = await this.#kept('', DEFINITIONS, {});
    const byView = new Map<string, Map<string, string>>();
    for (const { table, name, comment } of rows) {
      const columns = byView.get(String(table)) ?? new Map<string, string>();
      byView.set(String(table), columns.set(String(name), String(comment)));
    }
    return byView;
  }

  #kept(key: string, query: string, parameters: Readonly<Record<string, number>>): Promise<Answer> {
    const known = this.#answers.get(key);
    if (known !== undefined && this.#now() < known.until) return known.answer;
    const kept: Kept = {
      // Until it is there, whoever asks waits for the same answer.
      until: Infinity,
      answer: this.#queue.add(async () => {
        const started = this.#now();
        let keepMs = this.#keepMs;
        try {
          const answer = await this.#ask(query, parameters);
          const took = this.#now() - started;
          keepMs = Math.max(keepMs, Math.min(LONGEST_KEPT_MS, KEPT_TIMES * took));
          return answer;
        } finally {
          kept.until = this.#now() + keepMs;
        }
      }),
    };
    this.#answers.set(key, kept);
    return kept.answer;
  }

  async #ask(query: string, parameters: Record<string, number>): Promise<Answer> {
    const result = await this.#client.query({
      query,
      query_params: parameters,
      format: 'JSON',
      abort_signal: AbortSignal.timeout(WITHIN_SECONDS * 1000),
      clickhouse_settings: {
        // 2 = reading alone, but with these settings.
        readonly: '2',
        max_execution_time: WITHIN_SECONDS,
        max_result_rows: String(MAX_ROWS),
        result_overflow_mode: 'break',
        cancel_http_readonly_queries_on_client_close: 1,
        output_format_json_quote_64bit_integers: 0,
        output_format_json_quote_decimals: 0,
        date_time_output_format: 'iso',
      },
    });
    const { meta = [], data } = await result.json<Row>();
    return { columns: meta, rows: data, readAt: new Date(this.#now()) };
  }
}
