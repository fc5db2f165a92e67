/**
 * User-days folded anew. In: blocks of them. Out: what differs from the stored ones, and in their place.
 * The new ones lie in a table of their own until they are compared.
 */
import { randomUUID } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

export interface SourceDay {
  readonly source: string;
  /** YYYY-MM-DD, in the configured time zone. */
  readonly date: string;
  /** Days since 1970-01-01. */
  readonly day: number;
}

export interface DifferentDay {
  readonly event_date: string;
  readonly user_id: string;
  readonly source: string;
  /** Number of events in the stored row; 0: there was none. */
  readonly stored_events: number;
  /** Number of events in the raw rows; 0: there are none. */
  readonly folded_events: number;
}

/** What was computed, and not the circumstances. */
const CONTENT = `tuple(events, event_counts, first_event_at, last_event_at, first_event_id, first_platform,
    first_utm_source, first_country, platforms, platform_counts, miles_earned, miles_redeemed,
    miles_earned_events, miles_redeemed_events, session_fragments, miles_ledger)`;

/** Days, both inclusive, of which there are events or user-days. */
export async function readSourceDays(
  client: ClickHouseClient,
  from: string,
  to: string,
): Promise<readonly SourceDay[]> {
  const result = await client.query({
    query: `
SELECT DISTINCT source, toString(event_date) AS date, toUInt32(toUInt16(event_date)) AS day
FROM
(
    SELECT source, event_date FROM events_rows
    WHERE event_date BETWEEN toDate({from: String}) AND toDate({to: String})
    UNION ALL
    SELECT source, event_date FROM user_day_rows
    WHERE event_date BETWEEN toDate({from: String}) AND toDate({to: String})
)
ORDER BY event_date, source`,
    query_params: { from, to },
    format: 'JSONEachRow',
  });
  return result.json<SourceDay>();
}

export class RebuiltDays implements AsyncDisposable {
  /** Where the new ones are inserted. */
  readonly table: string;
  readonly #client: ClickHouseClient;

  private constructor(client: ClickHouseClient, table: string) {
    this.#client = client;
    this.table = table;
  }

  static async open(client: ClickHouseClient): Promise<RebuiltDays> {
    const table = `rebuilt_${randomUUID().replaceAll('-', '')}`;
    await client.command({
      query: `CREATE TABLE ${table} AS user_day_rows ENGINE = MergeTree ORDER BY (event_date, bucket, user_id, source)`,
    });
    return new RebuiltDays(client, table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.command({ query: `DROP TABLE IF EXISTS ${this.table}` });
  }

  /** What is stored of a day and not as it was folded; at most `limit` of them. */
  async differences({ source, date }: SourceDay, limit: number): Promise<readonly DifferentDay[]> {
    const result = await this.#client.query({
      query: `
SELECT
    toString(event_date) AS event_date,
    user_id,
    source,
    toUInt32(stored.events) AS stored_events,
    toUInt32(folded.events) AS folded_events
FROM (SELECT event_date, user_id, source, events, ${CONTENT} AS content FROM ${this.table} WHERE ${DAY}) AS folded
FULL JOIN
(
    SELECT event_date, user_id, source, events, ${CONTENT} AS content
    FROM user_day_rows FINAL
    WHERE ${DAY} AND events > 0
) AS stored USING (event_date, user_id, source)
WHERE folded.content != stored.content
ORDER BY user_id
LIMIT {limit: UInt32}`,
      query_params: { source, date, limit },
      format: 'JSONEachRow',
    });
    return result.json<DifferentDay>();
  }

  /**
   * Puts those in their place: as later versions, so that what is made of user-days follows. What has no
   * events becomes a row without any, which the view hides.
   */
  async replace(
    { source, date }: SourceDay,
    users: readonly string[],
    epoch: number,
  ): Promise<void> {
    const query_params = { source, date, users, epoch };
    const chosen = `${DAY} AND has({users: Array(String)}, user_id)`;
    try {
      await this.#client.command({
        query: `INSERT INTO user_day_rows SELECT * FROM ${this.table} WHERE ${chosen}`,
        query_params,
      });
      await this.#client.command({
        query: `
INSERT INTO user_day_rows (event_date, bucket, user_id, source, version)
SELECT event_date, bucket, user_id, source, toUInt64({epoch: UInt32}) * 4294967296
FROM user_day_rows FINAL
WHERE ${chosen} AND user_id NOT IN (SELECT user_id FROM ${this.table} WHERE ${chosen})`,
        query_params,
      });
    } catch (error) {
      throw warehouseError(error, `replace user-days of ${date}`);
    }
  }
}

const DAY = 'event_date = toDate({date: String}) AND source = {source: String}';
