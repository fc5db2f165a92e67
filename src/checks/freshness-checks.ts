/** In: after how many hours what is stale. Out: two checks each of streams and marts, a warning and an error. */
import { USUAL } from './check.ts';
import type { Check, Severity } from './check.ts';

export interface Freshness {
  /** A stream, or `marts`. */
  readonly of: string;
  /** Hours. */
  readonly warnAfter: number;
  /** Hours. */
  readonly errorAfter: number;
}

export function freshnessChecks(limits: readonly Freshness[]): readonly Check[] {
  return limits.flatMap(({ of, warnAfter, errorAfter }) => [
    freshness(of, warnAfter, 'warn'),
    freshness(of, errorAfter, 'error'),
  ]);
}

function freshness(of: string, hours: number, severity: Severity): Check {
  const check = { ...USUAL, name: `recency-${of}-${severity}`, kind: 'recency', severity } as const;
  if (of === 'marts') {
    return {
      ...check,
      promise: `Every mart was brought up to date with what is stored within ${hours} h.`,
      remedy:
        'tidemark run and up refresh all the time, tidemark refresh does now; tidemark status says what failed',
      query: martsBehind(hours),
    };
  }
  return {
    ...check,
    promise: `Kafka brought a record of the stream ${of} within the last ${hours} h, if it ever did.`,
    remedy: `see whether producers send and whether the processor runs (tidemark status); CHECK_FRESHNESS says after how many hours ${of} is stale`,
    query: streamStale(of, hours),
  };
}

// Of what came from files nobody expects more.
const streamStale = (stream: string, hours: number) => `
SELECT
    stream,
    max(coalesce(last_record_time, updated_at)) AS last_record_at,
    round((toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(last_record_at)) / 3600000, 2) AS hours_ago
FROM source_progress
WHERE stream = '${stream}' AND match(source, '^[^/:]+/[0-9]+(@[0-9]+)?$')
    AND accepted + duplicate + late + future + invalid > 0
GROUP BY stream
HAVING hours_ago > ${hours}`;

const martsBehind = (hours: number) => `
WITH (SELECT max(updated_at) FROM source_progress) AS stored_at
SELECT
    mart,
    refreshed_at,
    stored_at,
    error
FROM mart_refreshes
WHERE stored_at > coalesce(refreshed_at, toDateTime64(0, 3, 'UTC'))
    AND coalesce(refreshed_at, checked_at) < now64(3) - toIntervalSecond(toUInt64(${hours} * 3600))`;
