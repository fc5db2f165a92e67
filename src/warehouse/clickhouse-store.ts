/** The warehouse port over ClickHouse: blocks and lines in, stored rows out. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { warehouseError } from './errors.ts';
import { insertProgress, selectProgress } from './progress-lines.ts';
import { readEntityDays, readStoredRecords } from './stored-records.ts';
import type {
  AcceptedQuery,
  AheadRange,
  OutdatedEntityDay,
  OutdatedRange,
  ProgressLine,
  RecordTables,
  Store,
  StoredRecord,
} from './store.ts';

export interface ClickHouseStoreOptions {
  /** Aborts what is under way and whatever is asked afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Sent with every insert besides ours, such as `insert_quorum` on a cluster. */
  readonly insertSettings?: ClickHouseSettings | undefined;
  /** Sent with every read besides ours, such as `select_sequential_consistency` on a cluster. */
  readonly readSettings?: ClickHouseSettings | undefined;
}

const INSERT_SETTINGS: ClickHouseSettings = {
  // Acknowledged means stored.
  async_insert: 0,
  wait_for_async_insert: 1,
  // Replaced rows are merged in the background; doing it in the insert costs more than the insert.
  optimize_on_insert: 0,
  // One batch of a backfill may hold years of days.
  max_partitions_per_insert_block: '0',
  // A retry repeats the bytes, and replacing rows forgives it; a block equal to an older one is no mistake.
  insert_deduplicate: 0,
  input_format_native_allow_types_conversion: 1,
  input_format_null_as_default: 1,
  input_format_defaults_for_omitted_fields: 1,
};

const READ_SETTINGS: ClickHouseSettings = {
  max_query_size: '268435456',
  // The answer's status tells of a failure only when it is sent after the work.
  wait_end_of_query: 1,
};

/** A store on one database. It does not close the client. Errors are WarehouseErrors. */
export class ClickHouseStore implements Store {
  readonly #client: ClickHouseClient;
  readonly #options: ClickHouseStoreOptions;
  readonly #keys = new Map<string, Promise<RowKey>>();

  constructor(client: ClickHouseClient, options: ClickHouseStoreOptions = {}) {
    this.#client = client;
    this.#options = options;
  }

  async insert(table: string, blocks: readonly Uint8Array[]): Promise<void> {
    const { signal, insertSettings } = this.#options;
    await this.#try(`insert into ${table}`, async () => {
      const { stream } = await this.#client.exec({
        query: `INSERT INTO ${identifier(table)} FORMAT Native`,
        values: Readable.from(blocks, { objectMode: false }),
        clickhouse_settings: { ...INSERT_SETTINGS, ...insertSettings },
        ...(signal && { abort_signal: signal }),
      });
      await buffer(stream);
    });
  }

  async readProgress(stream: string, log: string): Promise<ProgressLine | undefined> {
    const { signal, readSettings } = this.#options;
    return this.#try(`read the progress of ${log}`, () =>
      selectProgress(this.#client, stream, log, { signal, settings: readSettings }),
    );
  }

  async writeProgress(lines: readonly ProgressLine[]): Promise<void> {
    if (lines.length === 0) return;
    const { signal, insertSettings } = this.#options;
    const settings = { ...INSERT_SETTINGS, ...insertSettings };
    await this.#try('write the progress', () =>
      insertProgress(this.#client, lines, { signal, settings }),
    );
  }

  readAccepted(query: AcceptedQuery): Promise<Buffer> {
    return this.#readUnits(
      query,
      `SELECT ${query.columns.map(identifier).join(', ')}
FROM ${identifier(query.table)}
WHERE ${UNITS} AND source = {source: String} AND offset < {before: UInt64}`,
    );
  }

  async readAcceptedElsewhere(query: AcceptedQuery): Promise<Buffer> {
    const table = identifier(query.table);
    const { entity, id } = await this.#keyOf(query.table);
    return this.#readUnits(
      query,
      `SELECT DISTINCT ${query.columns.map(identifier).join(', ')}
FROM ${table}
WHERE ${UNITS} AND source != {source: String} AND (event_date, ${entity}, ${id}) NOT IN (
  SELECT event_date, ${entity}, ${id}
  FROM ${table}
  WHERE ${UNITS} AND source = {source: String} AND offset >= {before: UInt64}
)`,
    );
  }

  async readOutdated(table: string, range: OutdatedRange): Promise<readonly OutdatedEntityDay[]> {
    const { entity } = await this.#keyOf(table);
    const { source, offset } = range;
    const rows = await this.#read(
      `read what ${source} has stored in ${table} from offset ${offset} under older rules`,
      `SELECT DISTINCT event_date, bucket, ${entity} FROM ${identifier(table)} WHERE ${OUTDATED}`,
      { ...range },
    );
    return readEntityDays(rows);
  }

  async removeOutdated(tables: RecordTables, range: OutdatedRange): Promise<void> {
    const { accepted, late, rejected } = tables;
    await this.#delete(accepted, OUTDATED, range);
    if (late !== null) await this.#delete(late, OUTDATED, range);
    await this.#delete(rejected, `stream = {stream: String} AND ${OUTDATED}`, range);
  }

  async readAhead(tables: RecordTables, range: AheadRange): Promise<readonly StoredRecord[]> {
    const { accepted, late, rejected } = tables;
    const { entity, id } = await this.#keyOf(accepted);
    const events = (table: string, outcome: string): string => `
SELECT DISTINCT offset, '${outcome}', '', toUInt32(0), event_date, bucket, ${entity}, ${id}
FROM ${identifier(table)}
WHERE ${AHEAD}`;
    const refusals = `
SELECT DISTINCT offset, toString(outcome), toString(reason), CRC32(ifNull(bytes, '')), toDate(0), toUInt8(0), '', ''
FROM ${identifier(rejected)}
WHERE stream = {stream: String} AND ${AHEAD}`;
    const selects = [events(accepted, 'accepted'), refusals];
    if (late !== null) selects.push(events(late, 'late'));
    const { source, offset } = range;
    const rows = await this.#read(
      `read what ${source} has stored in ${accepted} from offset ${offset}`,
      selects.join('\nUNION ALL'),
      { ...range },
    );
    return readStoredRecords(rows);
  }

  /** A deletion rewrites every part of a table even when nothing matches, so it looks first. */
  async #delete(table: string, where: string, range: OutdatedRange): Promise<void> {
    const parameters = { ...range };
    const found = await this.#read(
      `look for rows to delete from ${table}`,
      `SELECT 1 FROM ${identifier(table)} WHERE ${where} LIMIT 1`,
      parameters,
    );
    if (found.length === 0) return;
    const { signal } = this.#options;
    await this.#try(`delete from ${table}`, () =>
      this.#client.command({
        query: `DELETE FROM ${identifier(table)} WHERE ${where}`,
        query_params: parameters,
        clickhouse_settings: { lightweight_deletes_sync: '2' },
        ...(signal && { abort_signal: signal }),
      }),
    );
  }

  #readUnits(query: AcceptedQuery, select: string): Promise<Buffer> {
    const { table, days, source, before, buckets } = query;
    return this.#read(`read accepted rows of ${source} from ${table}`, select, {
      days: [...days],
      source,
      before,
      buckets: [...buckets],
    });
  }

  #read(doing: string, select: string, parameters: Record<string, unknown>): Promise<Buffer> {
    const { signal, readSettings } = this.#options;
    return this.#try(doing, async () => {
      const { stream } = await this.#client.exec({
        query: `${select} FORMAT RowBinary`,
        query_params: parameters,
        clickhouse_settings: { ...READ_SETTINGS, ...readSettings },
        ...(signal && { abort_signal: signal }),
      });
      return buffer(stream);
    });
  }

  /** The columns that name entity and record: in every table of accepted rows the 3rd and 4th of its order. */
  #keyOf(table: string): Promise<RowKey> {
    let key = this.#keys.get(table);
    if (key === undefined) {
      key = this.#readKey(table);
      key.catch(() => this.#keys.delete(table));
      this.#keys.set(table, key);
    }
    return key;
  }

  async #readKey(table: string): Promise<RowKey> {
    const doing = `read the sorting key of ${table}`;
    return this.#try(doing, async () => {
      const result = await this.#client.query({
        query:
          'SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = {table: String}',
        query_params: { table },
        format: 'JSONEachRow',
      });
      const [row] = await result.json<{ sorting_key: string }>();
      const [, , entity, id] = row?.sorting_key.split(', ') ?? [];
      if (entity === undefined || id === undefined) {
        throw new Error('expected a table ordered by (event_date, bucket, ENTITY, ID, source)');
      }
      return { entity: identifier(entity), id: identifier(id) };
    });
  }

  async #try<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw warehouseError(error, doing);
    }
  }
}

interface RowKey {
  readonly entity: string;
  readonly id: string;
}

const UNITS =
  "event_date IN CAST({days: Array(UInt16)}, 'Array(Date)') AND bucket IN {buckets: Array(UInt8)}";
const OUTDATED =
  'source = {source: String} AND offset >= {offset: UInt64} AND rules_epoch < {beforeEpoch: UInt32}';

const AHEAD =
  'source = {source: String} AND offset >= {offset: UInt64} AND offset < {before: UInt64}';

function identifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``;
}
