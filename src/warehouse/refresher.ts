/**
 * Keeps the stored marts up to date. In: the refresh statements of the schema, in the order of its files.
 * Out: tables that equal what their statements say of all that was stored before.
 *
 * A mart keeps the sum of the versions that it was computed from. Versions only grow and rows never
 * vanish, so an equal sum means equal input; whatever is written carries the sum as its own version, so
 * that of two refreshers at once the one that saw more wins.
 */
import { performance } from 'node:perf_hooks';
import type { ClickHouseClient } from '@clickhouse/client';
import PQueue from 'p-queue';
import { warehouseError } from './errors.ts';
import { refillFedTables } from './fed-tables.ts';
import {
  countStaleKeys,
  madeBy,
  REFERENCE_HASHES,
  refreshQuery,
  SOURCE_PARTS,
  sourceState,
} from './mart-queries.ts';
import { readMartRefreshes, recordMartRefreshes } from './mart-refreshes.ts';
import type { KeptMart, MartRefreshRow, MartState } from './mart-refreshes.ts';
import { readSchemaFiles } from './schema-files.ts';
import type { RefreshStatement } from './schema-files.ts';
import { WideColumns } from './wide-columns.ts';

export interface MartRefresh {
  /** The stored table, without `_rows`. */
  readonly mart: string;
  /** Rows replaced; 0 = it was up to date. */
  readonly rows: number;
  readonly seconds: number;
  /** Why it failed; null = it did not, and the mart is up to date. */
  readonly error: string | null;
}

export interface RefreshOptions {
  /** Fills anew what is fed by inserts, and computes everything, stale or not. */
  readonly full?: boolean;
}

interface Mart extends RefreshStatement {
  readonly mart: string;
}

/** What there is to compute a mart from. */
interface Ground {
  /** The parts of its sources, each as `TABLE/PART`. */
  readonly parts: ReadonlySet<string>;
  /** Checksum of its statement and the reference data. */
  readonly madeBy: string;
}

/** What was done, and what the mart is now made of. */
interface Brought {
  readonly ground: Ground;
  readonly rows: number;
  readonly version: string;
  readonly madeBy: string;
}

type Parameters = Record<string, string | number | boolean | readonly string[]>;

export class Refresher {
  readonly #client: ClickHouseClient;
  readonly #signal: AbortSignal | undefined;
  readonly #marts: readonly Mart[];
  readonly #wide: WideColumns;
  /** By mart what it was last up to date with. Lost with the process: then all is looked at once. */
  readonly #seen = new Map<string, Ground>();

  private constructor(
    client: ClickHouseClient,
    marts: readonly Mart[],
    wide: WideColumns,
    signal: AbortSignal | undefined,
  ) {
    this.#client = client;
    this.#marts = marts;
    this.#wide = wide;
    this.#signal = signal;
  }

  static async open(client: ClickHouseClient, signal?: AbortSignal): Promise<Refresher> {
    const files = await readSchemaFiles();
    const marts = files
      .flatMap((file) => file.refreshes)
      .map((refresh) => ({ ...refresh, mart: refresh.table.replace(/_rows$/, '') }));
    return new Refresher(client, marts, await WideColumns.open(client), signal);
  }

  /**
   * Brings every mart up to date with what was stored before, and gives new event types their columns.
   * A mart that fails is named and does not stop the others.
   * @throws WarehouseError when ClickHouse cannot be asked at all.
   */
  async refresh({ full = false }: RefreshOptions = {}): Promise<readonly MartRefresh[]> {
    if (full) await refillFedTables(this.#client, this.#signal);
    const [first] = await this.#rows<Record<string, string>>(REFERENCE_HASHES);
    const { now = '', ...references } = first ?? {};
    const kept = await readMartRefreshes(this.#client);
    const queue = new PQueue({ concurrency: AT_ONCE });
    const started = new Map<Mart, Promise<MartRefreshRow>>();
    for (const mart of this.#marts) {
      const read = [...started].filter(([earlier]) => reads(mart, earlier));
      const refreshed = Promise.all(read.map(([, row]) => row)).then(() =>
        queue.add(() => {
          this.#signal?.throwIfAborted();
          const made = madeBy(mart.statement, references);
          return this.#refreshOne(mart, kept.get(mart.mart), { madeBy: made, now, full });
        }),
      );
      started.set(mart, refreshed);
    }
    await Promise.allSettled(started.values());
    const rows = await Promise.all(started.values());
    await recordMartRefreshes(this.#client, rows);
    await this.#wide.refresh();
    return rows.map(({ mart, rows_written, seconds, error }) => ({
      mart,
      rows: rows_written,
      seconds,
      error: error === '' ? null : error,
    }));
  }

  /** How fresh each mart is, by the database's knowledge. */
  async states(): Promise<readonly MartState[]> {
    const kept = await readMartRefreshes(this.#client);
    return this.#marts.map(({ mart }) => kept.get(mart) ?? { ...NEVER, mart });
  }

  async #refreshOne(
    mart: Mart,
    kept: KeptMart | undefined,
    { madeBy: made, now, full }: { madeBy: string; now: string; full: boolean },
  ): Promise<MartRefreshRow> {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    try {
      const ground = { parts: await this.#partsOf(mart), madeBy: made };
      const brought = await this.#bring(mart, kept, ground, full);
      this.#seen.set(mart.mart, brought.ground);
      return {
        mart: mart.mart,
        version: brought.version,
        made_by: brought.madeBy,
        refreshed_at: now,
        rows_written: brought.rows,
        seconds: seconds(),
        error: '',
      };
    } catch (error) {
      this.#signal?.throwIfAborted();
      this.#seen.delete(mart.mart);
      const before = kept?.refreshedAt ?? null;
      return {
        mart: mart.mart,
        version: kept?.version ?? '0',
        made_by: kept?.madeBy ?? '0',
        refreshed_at: before === null ? null : new Date(before).toISOString(),
        rows_written: 0,
        seconds: seconds(),
        error: warehouseError(error, `refresh ${mart.mart}`).message,
      };
    }
  }

  async #bring(
    mart: Mart,
    kept: KeptMart | undefined,
    ground: Ground,
    full: boolean,
  ): Promise<Brought> {
    const seen = this.#seen.get(mart.mart);
    const known = !full && seen?.madeBy === ground.madeBy ? seen.parts : undefined;
    const fresh = [...ground.parts].filter((name) => known?.has(name) !== true);
    if (known !== undefined && fresh.length === 0 && kept !== undefined) {
      return { ground, rows: 0, version: kept.version, madeBy: kept.madeBy };
    }
    if (mart.key === undefined) return this.#bringWhole(mart, kept, ground, full);
    let rows = 0;
    let parts = ground.parts;
    for (let round = 1; ; round++) {
      const everything = known === undefined || round > ROUNDS_OF_PARTS;
      const unseen = [...parts].filter((name) => known?.has(name) !== true);
      rows += await this.#bringKeys(mart, {
        made_by: ground.madeBy,
        full,
        everything,
        parts: everything ? [] : unseen,
      });
      const after = await this.#partsOf(mart);
      // What was merged meanwhile lies in another part, where it was not looked for.
      const allWereThere = everything || unseen.every((name) => after.has(name));
      if (allWereThere) {
        return { ground: { ...ground, parts }, rows, version: '0', madeBy: ground.madeBy };
      }
      parts = after;
    }
  }

  async #bringKeys(
    mart: Mart,
    parameters: Parameters & { readonly everything: boolean },
  ): Promise<number> {
    const [stale] = await this.#rows<{ keys: number; named: readonly string[] }>(
      countStaleKeys(mart),
      { ...parameters, chunks: 1, chunk: 0, few: Math.min(FEW_KEYS, mart.atOnce) },
    );
    const { keys, named } = stale ?? { keys: 0, named: [] };
    if (named.length > 0) return this.#insert(mart, { ...parameters, named }, true);
    const chunks = Math.ceil(keys / mart.atOnce);
    let rows = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      rows += await this.#insert(mart, { ...parameters, chunks, chunk });
    }
    return rows;
  }

  async #partsOf({ sources }: Mart): Promise<ReadonlySet<string>> {
    const parts = await this.#rows<{ name: string }>(SOURCE_PARTS, { tables: sources });
    return new Set(parts.map(({ name }) => name));
  }

  async #bringWhole(
    mart: Mart,
    kept: KeptMart | undefined,
    ground: Ground,
    full: boolean,
  ): Promise<Brought> {
    // Asked before the source is read: at worst the mart is computed once too often.
    const [source] = await this.#rows<{ version: string; state: string }>(
      sourceState(mart.sources[0]),
    );
    const { version, state } = source ?? { version: '0', state: '0' };
    const made = madeBy(ground.madeBy, { state });
    const stale = full || kept?.version !== version || kept.madeBy !== made;
    const rows = stale ? await this.#insert(mart, { version, full }) : 0;
    return { ground, rows, version, madeBy: made };
  }

  async #insert(mart: Mart, parameters: Parameters, named = false): Promise<number> {
    const { summary } = await this.#client.command({
      query: refreshQuery(mart, named),
      query_params: parameters,
      ...(this.#signal && { abort_signal: this.#signal }),
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

  async #rows<T>(query: string, parameters: Parameters = {}): Promise<T[]> {
    try {
      const result = await this.#client.query({
        query,
        query_params: parameters,
        format: 'JSONEachRow',
        clickhouse_settings: SETTINGS,
        ...(this.#signal && { abort_signal: this.#signal }),
      });
      return await result.json<T>();
    } catch (error) {
      this.#signal?.throwIfAborted();
      throw warehouseError(error, 'look for what is stale');
    }
  }
}

/** Marts that are brought up to date at a time, where none reads another: each alone leaves a server idle half of the time. */
const AT_ONCE = 2;

/** Whether a mart is computed from an earlier one. */
function reads({ statement }: Mart, { table }: Mart): boolean {
  return new RegExp(`\\b${table}\\b`).test(statement);
}

/** So often the new parts alone are looked at, while they are merged under the refresher's hands. */
const ROUNDS_OF_PARTS = 3;

/** So many stale keys, or days, are told by name: finding them again and again would take longer than all the rest. */
const FEW_KEYS = 5_000;

const NEVER = { refreshedAt: null, age: null, error: null, checkedAgo: null } as const;

const SETTINGS = {
  // A partition never shares a key with another one: settled ones need no merging.
  do_not_merge_across_partitions_select_final: 1,
} as const;
