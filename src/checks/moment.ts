/** In: a database as it is now. Out: the days that checks are confined to, and who writes meanwhile. */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';
import type { DayStream } from './check.ts';

/** The first and the last day, and the first that may still change; as 2026-01-31. */
interface Days {
  readonly from: string;
  readonly to: string;
  readonly settled: string;
}

export interface Moment {
  /** The server's clock, milliseconds since 1970. */
  readonly startedAt: number;
  readonly days: Readonly<Record<DayStream, Days>>;
}

export interface DaysAsked {
  readonly client: ClickHouseClient;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** How many days back from the last one, where `from` is undefined. */
  readonly days: number;
}

const MOMENT = `
SELECT
    toFloat64(toUnixTimestamp64Milli(now64(3))) AS startedAt,
    mapFromArrays(groupArray(toString(stream)), groupArray(toString(greatest(last_day, toDate({days: UInt32})) - {days: UInt32} + 1))) AS from,
    -- Where nothing is being read everything is as it will stay.
    mapFromArrays(groupArray(toString(stream)), groupArray(toString(if(live_sources = 0, last_day + 1, complete_before)))) AS settled
FROM stream_watermarks`;

/** @throws WarehouseError */
export async function readMoment({ client, from, to, days }: DaysAsked): Promise<Moment> {
  try {
    const result = await client.query({
      query: MOMENT,
      query_params: { days },
      format: 'JSONEachRow',
    });
    const [row] = await result.json<{
      startedAt: number;
      from: Readonly<Record<string, string>>;
      settled: Readonly<Record<string, string>>;
    }>();
    const of = (stream: DayStream) => ({
      from: from ?? row?.from[stream] ?? FIRST_DAY,
      to: to ?? LAST_DAY,
      settled: row?.settled[stream] ?? FIRST_DAY,
    });
    return {
      startedAt: row?.startedAt ?? 0,
      days: { 'app-events': of('app-events'), 'order-lines': of('order-lines') },
    };
  } catch (error) {
    throw warehouseError(error, 'read which days there are');
  }
}

/** Of ClickHouse's type Date. */
const FIRST_DAY = '1970-01-01';
const LAST_DAY = '2149-06-06';

const COLD = `
SELECT
    (SELECT count() FROM leases_rows FINAL WHERE name = 'cold_writes' AND expires_at > now64(3))
    + (SELECT count() FROM source_progress WHERE NOT match(source, '^[^/:]+/[0-9]+(@[0-9]+)?$') AND updated_at >= fromUnixTimestamp64Milli({since: Int64})) AS writes`;

/** Whether since then somebody wrote events of days that were settled: files, late events, replays. */
export async function wroteColdSince(client: ClickHouseClient, since: number): Promise<boolean> {
  try {
    const result = await client.query({
      query: COLD,
      query_params: { since: Math.floor(since) },
      format: 'JSONEachRow',
    });
    const [row] = await result.json<{ writes: number | string }>();
    return Number(row?.writes ?? 0) > 0;
  } catch (error) {
    throw warehouseError(error, 'read who is writing');
  }
}
