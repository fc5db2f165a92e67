/**
 * Keeps the stored marts up to date. In: the refresh statements of the schema, in the order of its files.
 * Out: tables that equal what their statements say of all that was stored before.
 *
 * A mart keeps the sum of the versions that it was computed from. Versions only grow and rows never
 * vanish, so an equal sum means equal input; whatever is written carries the sum as its own version, so
 * that of two refreshers at once the one that saw more wins.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';
import {
  MART_REFRESHES,
  REFERENCE_HASHES,
  REFERENCES,
  refreshQuery,
  SOURCE_PARTS,
  sourceState,
  staleKeys,
} from './mart-queries.ts';
import { readSchemaFiles } from './schema-files.ts';
import type { RefreshStatement } from './schema-files.ts';

export interface MartRefresh {
  /** The stored table, without `_rows`. */
  readonly mart: string;
  /** Rows replaced; 0 = it was up to date. */
  readonly rows: number;
  readonly seconds: number;
  /** Why it failed; null = it did not, and the mart is up to date. */
  readonly error: string | null;
}

/** How fresh a mart is, whoever refreshes it. */
export interface MartState {
  readonly mart: string;
  /** When it was last known to be up to date, in milliseconds since 1970; null = never. */
  readonly refreshedAt: number | null;
  readonly error: string | null;
  /** How long ago it was looked at, in milliseconds; null = never. */
  readonly checkedAgo: number | null;
}

export interface RefreshOptions {
  /** Computes everything anew, stale or not. */
  readonly full?: boolean;
  readonly signal?: AbortSignal;
}

interface Kept extends MartState {
  readonly version: string;
  readonly madeBy: string;
}

interface Mart extends RefreshStatement {
  readonly mart: string;
}

/** What a mart was last found, or made, up to date with. */
interface Seen {
  readonly parts: ReadonlySet<string>;
  readonly madeBy: string;
}

type Parameters = Record<string, string | number | boolean | readonly string[]>;

export class Refresher {
  readonly #client: ClickHouseClient;
  readonly #marts: readonly Mart[];
  /** By mart. Lost at the end of the process, then everything is looked at once. */
  readonly #seen = new Map<string, Seen>();

  private constructor(client: ClickHouseClient, marts: readonly Mart[]) {
    this.#client = client;
    this.#marts = marts;
  }

  static async open(client: ClickHouseClient): Promise<Refresher> {
    const files = await readSchemaFiles();
    const refreshes = files.flatMap((file) => file.refreshes);
    return new Refresher(
      client,
      refreshes.map((refresh) => ({ ...refresh, mart: refresh.table.replace(/_rows$/, '') })),
    );
  }

  /**
   * Brings every mart up to date with what was stored before. One that fails is named and does not stop
   * the others.
   * @throws WarehouseError when ClickHouse cannot be asked at all.
   */
  async refresh({ full = false, signal }: RefreshOptions = {}): Promise<readonly MartRefresh[]> {
    const [first] = await this.#rows<Record<string, string>>(REFERENCE_HASHES);
    const { now = '', ...references } = first ?? {};
    const kept = await this.#kept();
    const results: MartRefresh[] = [];
    const lines: Record<string, unknown>[] = [];
    for (const mart of this.#marts) {
      signal?.throwIfAborted();
      const line = await this.#refreshOne(mart, kept.get(mart.mart), { references, now, full });
      lines.push(line);
      results.push({
        mart: mart.mart,
        rows: line.rows_written,
        seconds: line.seconds,
        error: line.error === '' ? null : line.error,
      });
    }
    await this.#record(lines);
    return results;
  }

  /** How fresh each mart is, by the database's knowledge. */
  async states(): Promise<readonly MartState[]> {
    const kept = await this.#kept();
    return this.#marts.map(
      ({ mart }) => kept.get(mart) ?? { mart, refreshedAt: null, error: null, checkedAgo: null },
    );
  }

  async #refreshOne(
    mart: Mart,
    kept: Kept | undefined,
    {
      references,
      now,
      full,
    }: { references: Readonly<Record<string, string>>; now: string; full: boolean },
  ) {
    const started = performance.now();
    const madeBy = checksum(mart.statement, references);
    try {
      const parts = await this.#rows<{ name: string }>(SOURCE_PARTS, { table: mart.source });
      const names = new Set(parts.map(({ name }) => name));
      const { rows, version, state } = await this.#bring(mart, kept, { names, madeBy, full });
      this.#seen.set(mart.mart, { parts: names, madeBy });
      return {
        mart: mart.mart,
        version,
        made_by: state,
        refreshed_at: now,
        rows_written: rows,
        seconds: (performance.now() - started) / 1000,
        error: '',
      };
    } catch (error) {
      this.#seen.delete(mart.mart);
      return {
        mart: mart.mart,
        version: kept?.version ?? '0',
        made_by: kept?.madeBy ?? '0',
        refreshed_at: isoText(kept?.refreshedAt ?? null),
        rows_written: 0,
        seconds: (performance.now() - started) / 1000,
        error: warehouseError(error, `refresh ${mart.mart}`).message,
      };
    }
  }

  async #bring(
    mart: Mart,
    kept: Kept | undefined,
    { names, madeBy, full }: { names: ReadonlySet<string>; madeBy: string; full: boolean },
  ): Promise<{ rows: number; version: string; state: string }> {
    const seen = this.#seen.get(mart.mart);
    const known = !full && seen?.madeBy === madeBy ? seen.parts : undefined;
    const fresh = [...names].filter((name) => known?.has(name) !== true);
    if (known !== undefined && fresh.length === 0 && kept !== undefined) {
      return { rows: 0, version: kept.version, state: kept.madeBy };
    }
    if (mart.key === undefined) return this.#bringWhole(mart, kept, madeBy, full);
    const parameters = {
      made_by: madeBy,
      full,
      everything: known === undefined,
      parts: known === undefined ? [] : fresh,
    };
    const [count] = await this.#rows<{ keys: number }>(
      `SELECT toUInt32(count()) AS keys FROM (${staleKeys(mart)})`,
      { ...parameters, chunks: 1, chunk: 0 },
    );
    const chunks = Math.ceil((count?.keys ?? 0) / mart.atOnce);
    let rows = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      rows += await this.#insert(mart, { ...parameters, chunks, chunk });
    }
    return { rows, version: '0', state: madeBy };
  }

  async #bringWhole(mart: Mart, kept: Kept | undefined, madeBy: string, full: boolean) {
    // What its source is made of is read before the source: at worst it is computed once too often.
    const [source] = await this.#rows<{ version: string; state: string }>(sourceState(mart.source));
    const { version, state } = source ?? { version: '0', state: '0' };
    const whole = checksum(madeBy, { state });
    if (!full && kept?.version === version && kept.madeBy === whole) {
      return { rows: 0, version, state: whole };
    }
    return { rows: await this.#insert(mart, { version, full }), version, state: whole };
  }

  async #insert(mart: Mart, parameters: Parameters): Promise<number> {
    const { summary } = await this.#client.command({
      query: refreshQuery(mart),
      query_params: parameters,
      clickhouse_settings: {
        ...SETTINGS,
        // The answer comes at the end, with the number of rows; headers before it keep the connection alive.
        wait_end_of_query: 1,
        send_progress_in_http_headers: 1,
        http_headers_progress_interval_ms: '10000',
      },
    });
    return Number(summary?.written_rows ?? 0);
  }

  async #record(lines: readonly Record<string, unknown>[]): Promise<void> {
    try {
      await this.#client.insert({
        table: 'mart_refreshes_rows',
        values: lines,
        format: 'JSONEachRow',
      });
    } catch (error) {
      throw warehouseError(error, 'record the refresh');
    }
  }

  async #kept(): Promise<ReadonlyMap<string, Kept>> {
    const rows = await this.#rows<{
      mart: string;
      version: string;
      made_by: string;
      refreshed_at: string | null;
      error: string;
      checked_ago: string;
    }>(MART_REFRESHES);
    return new Map(
      rows.map((row) => [
        row.mart,
        {
          mart: row.mart,
          version: row.version,
          madeBy: row.made_by,
          refreshedAt: row.refreshed_at === null ? null : Number(row.refreshed_at),
          error: row.error === '' ? null : row.error,
          checkedAgo: Number(row.checked_ago),
        },
      ]),
    );
  }

  async #rows<T>(query: string, parameters: Parameters = {}): Promise<T[]> {
    try {
      const result = await this.#client.query({
        query,
        query_params: parameters,
        format: 'JSONEachRow',
        clickhouse_settings: SETTINGS,
      });
      return await result.json<T>();
    } catch (error) {
      throw warehouseError(error, 'look for what is stale');
    }
  }
}

const SETTINGS = {
  // A partition never shares a key with another one: settled ones need no merging.
  do_not_merge_across_partitions_select_final: 1,
} as const;

/** 64 bits, as a decimal number. */
function checksum(text: string, references: Readonly<Record<string, string>>): string {
  const read = Object.entries(references).filter(
    ([name]) => !(name in REFERENCES) || new RegExp(`\\b${name}\\b`).test(text),
  );
  const hash = createHash('sha256').update(JSON.stringify([text, read]));
  return hash.digest().readBigUInt64LE().toString();
}

function isoText(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
