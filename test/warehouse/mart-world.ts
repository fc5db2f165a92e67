/**
 * A database whose marts are compared with the plain models. In: events, in any portions. Out: what
 * differs after a refresh.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { Refresher } from '../../src/warehouse/refresher.ts';
import { compareRows } from '../parity/compare.ts';
import type { World } from '../parity/growth.ts';
import { recordComparison } from '../parity/recorded.ts';
import type { DataSet } from '../parity/recorded.ts';
import { GROWTH_TABLES } from '../parity/tables.ts';
import { dayOf, groupBy, timeText, userDayRows } from '../parity/user-day.ts';
import type { PlainEvent } from '../parity/user-day.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

const LOOKBACK_DAYS = 2;

export class MartWorld {
  readonly client: ClickHouseClient;
  refresher: Refresher;
  readonly #ch: TestClickHouse;
  readonly #dataSet: DataSet;
  #known: readonly PlainEvent[] = [];
  #inactive: readonly string[] = [];
  #channels: Readonly<Record<string, string>> = {
    google: 'paid',
    organic: 'organic',
    facebook: 'social',
    referral: 'referral',
  };

  private constructor(
    ch: TestClickHouse,
    client: ClickHouseClient,
    refresher: Refresher,
    dataSet: DataSet,
  ) {
    this.#dataSet = dataSet;
    this.#ch = ch;
    this.client = client;
    this.refresher = refresher;
  }

  static async open(ch: TestClickHouse, dataSet: DataSet = 'hand-made'): Promise<MartWorld> {
    const client = await ch.freshDatabase();
    return new MartWorld(ch, client, await Refresher.open(client), dataSet);
  }

  /** Stores the user-days that these events touch, as a processor does that has just accepted them. */
  async accept(events: readonly PlainEvent[]): Promise<void> {
    this.#known = [...this.#known, ...events];
    const keyOf = ({ user, source, time }: PlainEvent) => `${user} ${source} ${dayOf(time)}`;
    const touched = new Set(events.map(keyOf));
    await this.insert(userDayRows(this.#known.filter((event) => touched.has(keyOf(event)))));
    await this.#storeProgress();
  }

  async insert(rows: readonly Record<string, unknown>[]): Promise<void> {
    // ClickHouse reads a map whose keys are tuples from what is not quite JSON.
    const text = rows.map((row) =>
      JSON.stringify(row).replaceAll(/"\('(\w+)','(\w+)'\)":/g, '["$1","$2"]:'),
    );
    await this.client.command({
      query: `INSERT INTO user_day_rows FORMAT JSONEachRow\n${text.join('\n')}`,
      clickhouse_settings: { optimize_on_insert: 0, max_query_size: '100000000' },
    });
  }

  /** From now on the models know no more of these events. */
  forgetInModel(gone: (event: PlainEvent) => boolean): void {
    this.#known = this.#known.filter((event) => !gone(event));
  }

  async setInactive(types: readonly string[]): Promise<void> {
    this.#inactive = types;
    await this.client.insert({
      table: 'event_types',
      values: ['page_view', 'share', 'miles_earned', 'app_opened'].map((event_type) => ({
        event_type,
        counts_as_active: !types.includes(event_type),
        miles: event_type === 'miles_earned' ? 'earned' : 'none',
      })),
      format: 'JSONEachRow',
    });
  }

  async setChannel(utm: string, channel: string): Promise<void> {
    this.#channels = { ...this.#channels, [utm]: channel };
    await this.client.insert({
      table: 'channel_groups',
      values: [{ pattern: utm, channel_group: channel, priority: 10 }],
      format: 'JSONEachRow',
    });
  }

  /** Refreshes, and compares every table with its model: what differs, and what failed. */
  async refreshAndCompare(): Promise<readonly string[]> {
    const results = await this.refresher.refresh();
    const failed = results.flatMap(({ mart, error }) =>
      error === null ? [] : [`${mart}: ${error}`],
    );
    return [...failed, ...(await this.compare())];
  }

  async compare(): Promise<readonly string[]> {
    const world = this.#world();
    const differences: string[] = [];
    for (const { name, order, model } of GROWTH_TABLES) {
      const compared = compareRows(await this.read(name, order), model(world));
      recordComparison(this.#dataSet, name, compared);
      differences.push(...compared.differences.slice(0, 5).map((line) => `${name}: ${line}`));
    }
    return differences;
  }

  read(name: string, order: string) {
    return this.#ch.rows(`SELECT * EXCEPT computed_at FROM ${name} ORDER BY ${order}`, this.client);
  }

  #world(): World {
    const lasts = [...this.#lastTimes().values()].map(dayOf);
    return {
      events: this.#known,
      isActive: (type) => !this.#inactive.includes(type),
      channelOf: (utm) => this.#channels[utm ?? ''] ?? 'other',
      lastDay: Math.max(...lasts),
      completeBefore: Math.min(...lasts) - LOOKBACK_DAYS,
    };
  }

  #lastTimes(): ReadonlyMap<string, number> {
    return new Map(
      [...groupBy(this.#known, ({ source }) => source)].map(([source, events]) => [
        source,
        Math.max(...events.map(({ time }) => time)),
      ]),
    );
  }

  async #storeProgress(): Promise<void> {
    await this.client.insert({
      table: 'source_progress_rows',
      values: [...this.#lastTimes()].map(([source, watermark]) => ({
        stream: 'app-events',
        source,
        next_offset: this.#known.length,
        watermark: timeText(watermark),
        accepted: this.#known.length,
        last_record_time: '2025-06-01 00:00:00',
        rules_epoch: 1,
      })),
      format: 'JSONEachRow',
    });
  }
}
