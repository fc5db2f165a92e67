/**
 * Lets raw events go, whole months of them. In: how many days are kept. Out: the first day that is kept,
 * and afterwards a database without the months before it.
 *
 * Aggregates are folded from raw events, so nobody may take in an event for a day whose events are gone.
 * Hence the first day is part of the rules, by which earlier events are late, and a month goes only when
 * nobody works under older rules any more.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Rules } from '../streams/rules.ts';
import { warehouseError } from './errors.ts';
import { LeaseTakenError, takeLease } from './lease.ts';
import { outdatedProcessors } from './running-processors.ts';

/** The first day of a month such that `days` days are kept, in days since 1970-01-01; 0: before any event. */
export async function firstKeptDay(client: ClickHouseClient, days: number): Promise<number> {
  const result = await client.query({
    // The clock does not decide: what is read from far behind has its whole lookback in any case.
    query: `
SELECT toUInt32(toUInt16(toStartOfMonth(toDate(greatest(toInt32(settled_day) - {days: Int32}, 0))))) AS day
FROM stream_watermarks
WHERE stream = 'app-events'`,
    query_params: { days },
    format: 'JSONEachRow',
  });
  const [row] = await result.json<{ day: number }>();
  return row?.day ?? 0;
}

/**
 * Removes the months before the first day that these rules keep; returns them, as YYYYMM. None while
 * somebody works under older rules or adds events, or where not every event of a month is counted yet.
 */
export async function dropExpiredMonths(
  client: ClickHouseClient,
  { epoch, eventsFrom }: Rules,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (eventsFrom === undefined) return [];
  const dropped: string[] = [];
  try {
    const months = await expiredMonths(client, eventsFrom);
    if (months.length === 0 || (await outdatedProcessors(client, epoch)).length > 0) return [];
    await using _lease = await takeLease(client, 'cold_writes', { command: 'retention', signal });
    for (const month of months) {
      signal.throwIfAborted();
      if (await isAheadOfLines(client, month)) continue;
      await client.command({ query: COUNT, query_params: { month } });
      await client.command({ query: `ALTER TABLE events_rows DROP PARTITION ID '${month}'` });
      dropped.push(month);
    }
  } catch (error) {
    if (error instanceof LeaseTakenError) return dropped;
    throw warehouseError(error, 'let raw events go');
  }
  return dropped;
}

async function expiredMonths(
  client: ClickHouseClient,
  eventsFrom: number,
): Promise<readonly string[]> {
  const result = await client.query({
    query: `
SELECT DISTINCT partition_id AS month
FROM system.parts
WHERE database = currentDatabase() AND table = 'events_rows' AND active
    AND toUInt32OrZero(partition_id) < toYYYYMM(toDate({eventsFrom: UInt16}))
ORDER BY month`,
    query_params: { eventsFrom },
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ month: string }>();
  return rows.map(({ month }) => month).filter((month) => /^\d{6}$/.test(month));
}

/** What a process has stored that died before its line was, whoever goes on has to find. */
async function isAheadOfLines(client: ClickHouseClient, month: string): Promise<boolean> {
  const result = await client.query({
    query: `
SELECT 1
FROM events_rows AS stored
LEFT JOIN source_progress AS line ON line.source = stored.source AND line.stream = 'app-events'
WHERE toYYYYMM(stored.event_date) = toUInt32({month: String}) AND stored.offset >= line.next_offset
LIMIT 1`,
    query_params: { month },
    format: 'JSONEachRow',
  });
  return (await result.json()).length > 0;
}

const COUNT = `
INSERT INTO expired_events_rows (source, month, events)
SELECT stored.source, toUInt32({month: String}), count()
FROM events_rows AS stored FINAL
INNER JOIN source_progress AS line ON line.source = stored.source AND line.stream = 'app-events'
WHERE toYYYYMM(stored.event_date) = toUInt32({month: String}) AND stored.offset >= line.counted_from
GROUP BY stored.source`;
