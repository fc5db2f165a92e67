/**
 * A database of events and what is folded of them, beside the plain models. In: accepted events, in any
 * portions. Out: what differs after a refresh.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { expect } from 'vitest';
import { Refresher } from '../../src/warehouse/refresher.ts';
import { WideColumns } from '../../src/warehouse/wide-columns.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { compareRows } from './compare.ts';
import type { Row } from './growth.ts';
import { recordComparison } from './recorded.ts';
import type { DataSet } from './recorded.ts';
import { sessionRuns } from './sessions.ts';
import { byTime, dateOfDay, dayOf, groupBy, timeText, userDayRows } from './user-day.ts';
import type { PlainEvent } from './user-day.ts';

export interface FactEvent extends PlainEvent {
  readonly producerSession: string | null;
  readonly page: string | null;
  readonly product?: string | null;
  readonly plan?: string | null;
  readonly feature?: string | null;
}

/** What the attributes of a user say of their beginning. */
export interface Registration {
  /** Days since 1970. */
  readonly day: number;
  readonly platform: string | null;
}

export const LOOKBACK_DAYS = 2;

export interface FactTable {
  readonly name: string;
  readonly order: string;
  /** Columns that the model does not know, besides computed_at. */
  readonly except?: readonly string[];
  readonly model: (world: FactWorld) => readonly Row[];
}

/** What the models know. */
export interface FactWorld {
  /** Distinct accepted events. */
  readonly events: readonly FactEvent[];
  /** Every event type of the catalogue. */
  readonly types: readonly string[];
  readonly isActive: (type: string) => boolean;
  readonly isServerSide: (type: string) => boolean;
  /** Days since 1970: the day of the latest watermark, and the first day that is not complete. */
  readonly lastDay: number;
  readonly completeBefore: number;
  /** By user, of those whose attributes are known. */
  readonly registered: ReadonlyMap<string, Registration>;
}

export class EventFactsWorld {
  readonly client: ClickHouseClient;
  refresher: Refresher;
  registered: ReadonlyMap<string, Registration> = new Map();
  readonly #ch: TestClickHouse;
  readonly #wide: WideColumns;
  readonly #inactive = new Set<string>();
  readonly #dataSet: DataSet;
  #known: readonly FactEvent[] = [];

  private constructor(
    ch: TestClickHouse,
    client: ClickHouseClient,
    refresher: Refresher,
    wide: WideColumns,
    dataSet: DataSet,
  ) {
    this.#dataSet = dataSet;
    this.#ch = ch;
    this.client = client;
    this.refresher = refresher;
    this.#wide = wide;
  }

  static async open(ch: TestClickHouse, dataSet: DataSet = 'hand-made'): Promise<EventFactsWorld> {
    const client = await ch.freshDatabase();
    return new EventFactsWorld(
      ch,
      client,
      await Refresher.open(client),
      await WideColumns.open(client),
      dataSet,
    );
  }

  /** Stores the events and the user-days that they touch, as a processor does that has just accepted them. */
  async accept(events: readonly FactEvent[]): Promise<void> {
    this.#known = [...this.#known, ...events];
    await this.#insert('events_rows', events.map(eventRow));
    const newTypes = new Set(events.map(({ type }) => type));
    for (const { type } of await this.#catalogue()) newTypes.delete(type);
    // As the processor lists types that it has not seen before.
    await this.#insert(
      'event_types',
      [...newTypes].map((event_type) => ({ event_type, updated_at: 1 })),
    );
    const keyOf = ({ user, source, time }: PlainEvent) => `${user} ${source} ${dayOf(time)}`;
    const touched = new Set(events.map(keyOf));
    await this.insertDays(this.#known.filter((event) => touched.has(keyOf(event))));
    await this.#insert(
      'source_progress_rows',
      [...groupBy(this.#known, ({ source }) => source)].map(([source, those]) => ({
        stream: 'app-events',
        source,
        next_offset: this.#known.length,
        watermark: timeText(Math.max(...those.map(({ time }) => time))),
        last_record_time: '2025-06-01 00:00:00',
        rules_epoch: 1,
      })),
    );
  }

  /** Stores the user-days of exactly these events, of which some may be behind what is stored. */
  async insertDays(events: readonly FactEvent[]): Promise<void> {
    const serverSide = new Set(
      (await this.#catalogue()).filter((row) => row.serverSide).map(({ type }) => type),
    );
    const days = groupBy(events, ({ user, source, time }) => `${user} ${source} ${dayOf(time)}`);
    const fragments = [...days.values()].map((day) =>
      sessionRuns(day, (type) => serverSide.has(type)).map((run) => ({
        start: timeText(run.start),
        end: timeText(run.end),
        events: run.events.length,
        event_counts: run.counts,
      })),
    );
    await this.#insert(
      'user_day_rows',
      userDayRows(events).map((row, at) => ({
        ...row,
        platform_counts: {},
        session_fragments: fragments[at],
      })),
    );
  }

  async setInactive(type: string): Promise<void> {
    this.#inactive.add(type);
    await this.#insert('event_types', [{ event_type: type, counts_as_active: false }]);
  }

  async refresh(options: { full?: boolean } = {}): Promise<void> {
    const results = await this.refresher.refresh(options);
    expect(results.filter(({ error }) => error !== null)).toEqual([]);
    await this.#wide.refresh();
  }

  /** Refreshes, and compares these tables with their models: what differs. */
  async refreshAndCompare(tables: readonly FactTable[]): Promise<readonly string[]> {
    await this.refresh();
    const world = await this.world();
    const differences: string[] = [];
    for (const table of tables) {
      const compared = compareRows(await this.read(table), table.model(world));
      recordComparison(this.#dataSet, table.name, compared);
      differences.push(...compared.differences.slice(0, 5).map((line) => `${table.name}: ${line}`));
    }
    return differences;
  }

  /** The rows of a table in its order, maps sorted, session ids replaced by what they stand for. */
  async read({ name, order, except = [] }: Omit<FactTable, 'model'>): Promise<readonly Row[]> {
    const rows = await this.rows(
      `SELECT * EXCEPT (${['computed_at', ...except].join(', ')}) FROM ${name} ORDER BY ${order}`,
    );
    const ids = await this.rows(
      `SELECT session_id, concat(user_id, ' ', toString(started_at)) AS session FROM sessions`,
    );
    const sessions = new Map(ids.map((row) => [row['session_id'], row['session']]));
    expect(sessions.size).toBe(ids.length);
    return rows
      .map(sortMaps)
      .map(({ session_id: id, ...row }) =>
        id === undefined ? row : { ...row, session: id === null ? null : (sessions.get(id) ?? id) },
      );
  }

  rows(query: string): Promise<Record<string, unknown>[]> {
    return this.#ch.rows(query, this.client);
  }

  async world(): Promise<FactWorld> {
    const catalogue = await this.#catalogue();
    const serverSide = new Set(catalogue.filter((row) => row.serverSide).map(({ type }) => type));
    const lasts = [...groupBy(this.#known, ({ source }) => source).values()].map((events) =>
      dayOf(Math.max(...events.map(({ time }) => time))),
    );
    return {
      events: this.#known.toSorted(byTime),
      types: catalogue.map(({ type }) => type),
      isActive: (type) => !this.#inactive.has(type),
      isServerSide: (type) => serverSide.has(type),
      lastDay: Math.max(...lasts),
      completeBefore: Math.min(...lasts) - LOOKBACK_DAYS,
      registered: this.registered,
    };
  }

  async #catalogue(): Promise<readonly { type: string; serverSide: boolean }[]> {
    const rows = await this.rows('SELECT event_type, server_side FROM event_types FINAL');
    return rows.map((row) => ({
      type: String(row['event_type']),
      serverSide: row['server_side'] === true,
    }));
  }

  async #insert(table: string, values: readonly Record<string, unknown>[]): Promise<void> {
    if (values.length === 0) return;
    await this.client.insert({
      table,
      values,
      format: 'JSONEachRow',
      clickhouse_settings: { optimize_on_insert: 0 },
    });
  }
}

function eventRow(event: FactEvent): Record<string, unknown> {
  return {
    event_date: dateOfDay(dayOf(event.time)),
    bucket: event.user.length % 64,
    user_id: event.user,
    event_id: event.id,
    event_time: timeText(event.time),
    event_type: event.type,
    platform: event.platform,
    utm_source: event.utm,
    miles_amount: event.delta === 0 ? null : Math.abs(event.delta),
    producer_session_id: event.producerSession,
    page_url: event.page,
    product_id: event.product ?? null,
    plan_id: event.plan ?? null,
    feature: event.feature ?? null,
    source: event.source,
    rules_epoch: 1,
  };
}

/** Where several sources are added up the order of a map's keys is any. */
function sortMaps(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    ]),
  );
}
