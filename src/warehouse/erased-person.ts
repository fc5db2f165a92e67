/**
 * Erases a person from everything that is stored. In: the id. Out: how many rows are gone, by table.
 *
 * What is deleted is named by the hash of the id and not by the id, because ClickHouse remembers the
 * statements. Rows of user-days that vanish would make sums of versions smaller, by which whatever is
 * made of user-days knows that it is stale; so a row without a user and without events takes over their
 * versions.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { ForgottenPerson, PersonField } from '../streams/rules.ts';
import type { Stream } from '../streams/stream.ts';
import { warehouseError } from './errors.ts';

export interface Person {
  readonly id: string;
  readonly forgotten: ForgottenPerson;
}

/** Rows by table. */
export type ErasedRows = Readonly<Record<string, number>>;

/** A table of people, and which of its rows are of the person `{sha256}`. */
interface Place {
  readonly table: string;
  readonly where: string;
}

const IS_PERSON = (text: string): string => `SHA256(${text}) = unhex({sha256: String})`;
/** A shorter id may be among the bytes of a record that is not about it. */
const SHORTEST_SOUGHT = 6;
const AT_A_TIME = 1_000;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 500;

export class PersonEraser {
  readonly #client: ClickHouseClient;
  readonly #streams: readonly Stream[];

  constructor(client: ClickHouseClient, streams: readonly Stream[]) {
    this.#client = client;
    this.#streams = streams;
  }

  /** Nobody may be writing rows of the person meanwhile. Can be repeated; a second time finds nothing. */
  async erase(person: Person): Promise<ErasedRows> {
    const { field, sha256 } = person.forgotten;
    const parameters = { sha256 };
    try {
      await this.#keepPositions(field, parameters);
      if (field === 'user_id') await this.#keepVersions(parameters);
      const erased: Record<string, number> = {};
      for (const place of [...(await this.#places(field)), FAILURES]) {
        erased[place.table] = await this.#delete(place, parameters);
      }
      if (field === 'user_id') await this.#eraseSources(person.id);
      await this.#run(GIVE_VERSIONS);
      erased['rejected_events_rows'] = await this.#blankRejected(person);
      return Object.fromEntries(Object.entries(erased).filter(([, rows]) => rows > 0));
    } catch (error) {
      throw warehouseError(error, 'erase a person');
    }
  }

  /** So that the counts of the progress lines still add up. */
  async #keepPositions(field: PersonField, parameters: Parameters): Promise<void> {
    for (const { name, person, tables } of this.#streams) {
      if (person !== field) continue;
      for (const [outcome, table] of [
        ['accepted', tables.accepted],
        ['late', tables.late],
      ] as const) {
        if (table === null) continue;
        await this.#run(
          `
INSERT INTO erased_records_rows (stream, source, offset, outcome)
SELECT {stream: String}, source, offset, {outcome: String}
FROM {table: Identifier} FINAL
WHERE ${IS_PERSON(field)}`,
          { ...parameters, stream: name, outcome, table },
        );
      }
    }
  }

  /** More than is missed later does no harm, so it does not matter how often this is done. */
  async #keepVersions(parameters: Parameters): Promise<void> {
    await this.#run(
      `
INSERT INTO erased_days_rows (event_date, version)
SELECT event_date, sum(version) + 1
FROM user_day_rows FINAL
WHERE ${IS_PERSON('user_id')}
GROUP BY event_date`,
      parameters,
    );
  }

  /** Every stored table that has the field, whatever it is for. */
  async #places(field: PersonField): Promise<readonly Place[]> {
    const rows = await this.#rows<{ table: string }>(
      `
SELECT c.table AS table
FROM system.columns AS c
INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
WHERE c.database = currentDatabase() AND c.name = {field: String} AND t.engine LIKE '%MergeTree'
ORDER BY table`,
      { field },
    );
    return rows.map(({ table }) => ({ table, where: IS_PERSON(field) }));
  }

  async #eraseSources(id: string): Promise<void> {
    const [row] = await this.#rows<{ hash: string }>(
      'SELECT toString(cityHash64({id: String})) AS hash',
      { id },
    );
    const where = 'user_hash = {hash: UInt64}';
    await this.#delete({ table: 'user_sources_rows', where }, { hash: row!.hash });
  }

  async #delete({ table, where }: Place, parameters: Parameters): Promise<number> {
    const [found] = await this.#rows<{ rows: number }>(
      `SELECT toUInt32(count()) AS rows FROM {table: Identifier} WHERE ${where}`,
      { ...parameters, table },
    );
    const rows = found?.rows ?? 0;
    if (rows > 0) {
      await this.#alter(table, `DELETE WHERE ${where}`, parameters);
    }
    return rows;
  }

  /** They stay as what a replay would make of them: refused, with nothing in it. */
  async #blankRejected({ id, forgotten: { field } }: Person): Promise<number> {
    const ofPerson = this.#streams.filter(({ person }) => person === field);
    const parameters = {
      id,
      field,
      streams: ofPerson.map(({ name }) => name),
      keyed: ofPerson.filter(({ entity }) => entity === field).map(({ name }) => name),
      encoded: avroString(id),
      sought: Buffer.byteLength(id) >= SHORTEST_SOUGHT,
    };
    for (let blanked = 0; ;) {
      const rows = await this.#rows<readonly [string, string, string]>(NAMING, parameters, true);
      if (rows.length === 0) return blanked;
      await this.#alter('rejected_events_rows', BLANK, {
        streams: rows.map(([stream]) => stream),
        sources: rows.map(([, source]) => source),
        offsets: rows.map(([, , offset]) => offset),
      });
      blanked += rows.length;
    }
  }

  async #run(query: string, query_params: Parameters = {}): Promise<void> {
    await this.#client.command({
      query,
      query_params,
      clickhouse_settings: {
        // A part in which nothing is to be done takes its time all the same.
        send_progress_in_http_headers: 1,
        http_headers_progress_interval_ms: '10000',
      },
    });
  }

  /**
   * Changes rows of a table and waits until they are. ClickHouse rewrites parts when it has nothing better to
   * do, and says nothing meanwhile: a request that waited for it would time out.
   */
  async #alter(table: string, change: string, parameters: Parameters): Promise<void> {
    await this.#run(`ALTER TABLE {table: Identifier} ${change} SETTINGS mutations_sync = 0`, {
      ...parameters,
      table,
    });
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const [state] = await this.#rows<{ left: number; reason: string }>(
        `
SELECT toUInt32(count()) AS left, max(latest_fail_reason) AS reason
FROM system.mutations
WHERE database = currentDatabase() AND table = {table: String} AND NOT is_done`,
        { table },
      );
      if (state === undefined || state.left === 0) return;
      if (state.reason !== '') throw new Error(`${table} cannot be changed: ${state.reason}`);
      await sleep(wait);
    }
  }

  async #rows<T>(query: string, query_params: Parameters, compact = false): Promise<T[]> {
    const format = compact ? 'JSONCompactEachRow' : 'JSONEachRow';
    const result = await this.#client.query({ query, query_params, format });
    return result.json<T>();
  }
}

type Parameters = Record<string, unknown>;

/** Rows that checks had found wanting, kept as JSON. */
const FAILURES: Place = {
  table: 'check_failures',
  where: `arrayExists(pair -> ${IS_PERSON('pair.2')}, JSONExtractKeysAndValues(row, 'String'))`,
};

const GIVE_VERSIONS = `
INSERT INTO user_day_rows (event_date, bucket, user_id, source, version)
SELECT event_date, 0, '', '', sum(version)
FROM erased_days_rows
GROUP BY event_date`;

/** Refused records that name the person: as their key, in a field, as a cell of a row, or in their Avro bytes. */
const NAMING = `
SELECT stream, source, toString(offset)
FROM rejected_events_rows FINAL
WHERE stream IN {streams: Array(String)} AND (key IS NOT NULL OR bytes IS NOT NULL OR fields != '') AND (
    (key = {id: String} AND stream IN {keyed: Array(String)})
    OR JSONExtractString(fields, {field: String}) = {id: String}
    OR has(JSONExtract(ifNull(bytes, ''), 'Array(Nullable(String))'), {id: String})
    OR (fields = '' AND {sought: Bool} AND position(ifNull(bytes, ''), unhex({encoded: String})) > 0)
)
LIMIT ${AT_A_TIME}`;

const BLANK = `
UPDATE key = NULL, bytes = NULL, fields = '', reason = 'user_forgotten'
WHERE has(arrayZip({streams: Array(String)}, {sources: Array(String)}, {offsets: Array(String)}), (stream::String, source::String, toString(offset)))`;

/** As Avro writes it, in hexadecimal: its length, zigzag and in groups of seven bits, and its bytes. */
function avroString(text: string): string {
  const length: number[] = [];
  let rest = Buffer.byteLength(text) * 2;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), Buffer.from(text)]).toString('hex');
}
