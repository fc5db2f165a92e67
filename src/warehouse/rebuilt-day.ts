/**
 * The aggregates of one day, folded anew. In: blocks of them. Out: what differs from the stored ones, and in
 * their place. The new ones lie in memory until they are compared.
 */
import { randomUUID } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';

/** A table of aggregates per entity and day. */
export interface Aggregates {
  /** Accepted records, and what is folded from them. */
  readonly accepted: string;
  readonly aggregates: string;
  /** The column that names the entity. */
  readonly entity: string;
  /** The columns that were folded, without the circumstances. */
  readonly content: readonly string[];
}

export interface SourceDay {
  /** YYYY-MM-DD, in the configured time zone. */
  readonly date: string;
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly sources: readonly string[];
}

export interface DifferentDay {
  readonly event_date: string;
  /** The user, or the customer. */
  readonly entity: string;
  readonly source: string;
  /** Number of records in the stored row; 0: there was none. */
  readonly stored: number;
  /** Number of accepted records; 0: there are none. */
  readonly folded: number;
}

/** Days, both inclusive, of which there are records or aggregates. */
export async function readSourceDays(
  client: ClickHouseClient,
  { accepted, aggregates }: Aggregates,
  from: string,
  to: string,
): Promise<readonly SourceDay[]> {
  const sourcesOf = (table: string): string =>
    `SELECT source::String AS source, event_date FROM ${table} WHERE event_date BETWEEN toDate({from: String}) AND toDate({to: String})`;
  const result = await client.query({
    query: `
SELECT toString(event_date) AS date, toUInt32(toUInt16(event_date)) AS day, arraySort(groupUniqArray(source)) AS sources
FROM
(
    ${sourcesOf(accepted)}
    UNION ALL
    ${sourcesOf(aggregates)}
)
GROUP BY event_date
ORDER BY event_date`,
    query_params: { from, to },
    format: 'JSONEachRow',
  });
  return result.json<SourceDay>();
}

export interface Differences {
  readonly rows: number;
  readonly examples: readonly DifferentDay[];
}

/** Takes away what a process that was killed had left of its days; nobody else may be at work on any. */
export async function dropLeftDays(client: ClickHouseClient): Promise<void> {
  const result = await client.query({
    query: `SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name, '^${PREFIX}[0-9a-f]{32}$')`,
    format: 'JSONEachRow',
  });
  for (const { name } of await result.json<{ name: string }>()) {
    await client.command({ query: `DROP TABLE IF EXISTS ${name} SYNC` });
  }
}

export class RebuiltDay implements AsyncDisposable {
  /** Where the new ones are inserted. */
  readonly table = `${PREFIX}${randomUUID().replaceAll('-', '')}`;
  readonly #client: ClickHouseClient;
  readonly #of: Aggregates;
  readonly #date: string;

  private constructor(client: ClickHouseClient, of: Aggregates, date: string) {
    this.#client = client;
    this.#of = of;
    this.#date = date;
  }

  static async open(client: ClickHouseClient, of: Aggregates, date: string): Promise<RebuiltDay> {
    const rebuilt = new RebuiltDay(client, of, date);
    await client.command({
      query: `CREATE TABLE ${rebuilt.table} AS ${of.aggregates} ENGINE = Memory`,
    });
    return rebuilt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.command({ query: `DROP TABLE IF EXISTS ${this.table} SYNC` });
  }

  /** What is stored of the day and not as it was folded: how much, and the first of it. */
  async differences(examples: number): Promise<Differences> {
    if (await this.#isSame()) return { rows: 0, examples: [] };
    const result = await this.#client.query({
      query: `
SELECT *, toUInt32(count() OVER ()) AS different
FROM (${this.#different})
ORDER BY entity, source
LIMIT {examples: UInt32}`,
      query_params: { date: this.#date, examples },
      format: 'JSONEachRow',
    });
    const found = await result.json<DifferentDay & { readonly different: number }>();
    return {
      rows: found[0]?.different ?? 0,
      examples: found.map(({ different: _, ...day }) => day),
    };
  }

  /**
   * Puts what is different in its place: as later versions, so that what is made of them follows. What has no
   * records becomes a row without any, which the views hide.
   */
  async replace(epoch: number): Promise<void> {
    const { aggregates, entity } = this.#of;
    const query_params = { date: this.#date, epoch };
    const isDifferent = `(${entity}, source) IN (SELECT entity, source FROM (${this.#different}))`;
    try {
      await this.#client.command({
        query: `INSERT INTO ${aggregates} SELECT * FROM ${this.table} WHERE ${isDifferent}`,
        query_params,
      });
      // What still is different has no records.
      await this.#client.command({
        query: `
INSERT INTO ${aggregates} (event_date, bucket, ${entity}, source, version)
SELECT event_date, bucket, ${entity}, source, toUInt64({epoch: UInt32}) * 4294967296
FROM ${aggregates} FINAL
WHERE ${DAY} AND ${isDifferent}`,
        query_params,
      });
    } catch (error) {
      throw warehouseError(error, `replace what is wrong in ${aggregates} on ${this.#date}`);
    }
  }

  /** The query of what is different, as DifferentDay. */
  get #different(): string {
    const { entity } = this.#of;
    return `
SELECT
    {date: String} AS event_date,
    ${entity} AS entity,
    source,
    toUInt32(bitAnd(s.version, 0xffffffff)) AS stored,
    toUInt32(bitAnd(f.version, 0xffffffff)) AS folded
FROM (${this.#contentOf(this.table)}) AS f
FULL JOIN (${this.#contentOf(`${this.#of.aggregates} FINAL`)}) AS s USING (${entity}, source)
WHERE f.content != s.content`;
  }

  /** Most days are as they were: a sum tells sooner than a comparison row by row. */
  async #isSame(): Promise<boolean> {
    const sumOf = (table: string): string =>
      `(SELECT (count(), sum(cityHash64(${this.#of.entity}, source, content))) FROM (${this.#contentOf(table)}))`;
    const result = await this.#client.query({
      query: `SELECT ${sumOf(this.table)} = ${sumOf(`${this.#of.aggregates} FINAL`)} AS same`,
      query_params: { date: this.#date },
      format: 'JSONEachRow',
    });
    const [row] = await result.json<{ same: number }>();
    return row?.same === 1;
  }

  #contentOf(table: string): string {
    const { entity, content } = this.#of;
    // In a hash NULL is a value like others, to a comparison it is none. The row of nobody holds the versions of
    // whoever was forgotten.
    return `SELECT ${entity}, source, version, cityHash64(tuple(${content.join(', ')})) AS content FROM ${table} WHERE ${DAY} AND ${entity} != '' AND ${HAS_RECORDS}`;
  }
}

const PREFIX = 'rebuilt_';
const DAY = 'event_date = toDate({date: String})';
/** The low half of a version is the number of records. */
const HAS_RECORDS = 'bitAnd(version, 0xffffffff) > 0';
