/**
 * The rules in the database. In: what is configured and what the reference tables say. Out: the
 * rules to work under, recorded as a new epoch when they differ from the newest ones.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type {
  EventType,
  ForgottenPerson,
  PlatformList,
  Rules,
  StockCode,
} from '../streams/rules.ts';
import { warehouseError, WarehouseError } from './errors.ts';
import { rulesFingerprint, rulesFromJson, rulesToJson } from './rules-text.ts';

/** The part of the rules that is configured; the rest is in `event_types`, `platforms` and `stock_codes`. */
export interface WantedRules {
  readonly timezone: string;
  readonly lookbackDays: number;
  readonly maxFutureSkewSeconds: number;
  /** Microseconds since 1970. */
  readonly minEventTime: number;
  readonly sessionGapSeconds: number;
  /** See `Rules`; once it is recorded it never goes back. */
  readonly eventsFrom?: number | undefined;
  /** Whether unlisted event types are invalid. Undefined: as in the newest rules, at first not. */
  readonly eventTypesClosed?: boolean | undefined;
  /** Whether unlisted platforms are invalid. Undefined: as in the newest rules, at first not. */
  readonly platformsClosed?: boolean | undefined;
}

/** How often to take part in the race for the next epoch; each round somebody wins it. */
const MAX_ROUNDS = 100;

/**
 * The rules that `wanted` and the reference tables make. When they differ from the newest recorded
 * ones in anything that decides an outcome or a fold, they are recorded under the next epoch; of
 * several processes that do this at once each gets an epoch whose rules are its own.
 * @throws WarehouseError `TIMEZONE_FIXED` when the time zone would change although there is data.
 */
export async function adoptRules(client: ClickHouseClient, wanted: WantedRules): Promise<Rules> {
  try {
    const [types, platforms, stockCodes, forgotten] = await Promise.all([
      readEventTypes(client),
      readPlatforms(client),
      readStockCodes(client),
      readForgotten(client),
    ]);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const newest = await readNewest(client);
      const eventsFrom = Math.max(newest?.rules.eventsFrom ?? 0, wanted.eventsFrom ?? 0);
      const rules: Rules = {
        epoch: (newest?.rules.epoch ?? 0) + 1,
        timezone: wanted.timezone,
        lookbackDays: wanted.lookbackDays,
        maxFutureSkewSeconds: wanted.maxFutureSkewSeconds,
        minEventTime: wanted.minEventTime,
        sessionGapSeconds: wanted.sessionGapSeconds,
        eventTypes: {
          closed: wanted.eventTypesClosed ?? newest?.rules.eventTypes.closed ?? false,
          types,
        },
        platforms: {
          closed: wanted.platformsClosed ?? newest?.rules.platforms.closed ?? false,
          platforms,
        },
        stockCodes,
        ...(forgotten.length > 0 && { forgotten }),
        ...(eventsFrom > 0 && { eventsFrom }),
      };
      const fingerprint = rulesFingerprint(rules);
      if (newest?.fingerprint === fingerprint) return { ...rules, epoch: newest.rules.epoch };
      if (newest !== undefined) await refuseNewTimezone(client, newest.rules, rules);
      await record(client, rules, fingerprint);
    }
  } catch (error) {
    throw warehouseError(error, 'take the rules into use');
  }
  throw new WarehouseError(
    `the rules could not be recorded, because other processes recorded theirs ${MAX_ROUNDS} times meanwhile: start again`,
    'RULES_CONTENDED',
    true,
  );
}

/**
 * Records rules under their epoch even though nothing in them is new: what is written under it replaces
 * whatever was written before, right or wrong.
 */
export async function recordRules(client: ClickHouseClient, rules: Rules): Promise<void> {
  try {
    await record(client, rules, rulesFingerprint(rules));
  } catch (error) {
    throw warehouseError(error, 'record the rules');
  }
}

/** The rules that were taken into use last, or undefined before the first. */
export async function readNewestRules(client: ClickHouseClient): Promise<Rules | undefined> {
  try {
    // In this order: who is listed later belongs to rules that are newer still.
    const newest = await readNewest(client);
    if (newest === undefined) return undefined;
    const forgotten = await readForgotten(client);
    return { ...newest.rules, ...(forgotten.length > 0 && { forgotten }) };
  } catch (error) {
    throw warehouseError(error, 'read the rules');
  }
}

/**
 * Whether newer rules differ from a processor's only in what is not to be kept: it can take these up
 * whatever its configuration says.
 */
export function onlyKeepLess(own: Rules, newest: Rules): boolean {
  const { forgotten, eventsFrom } = newest;
  return (
    newest.epoch > own.epoch &&
    rulesFingerprint({ ...own, forgotten, eventsFrom }) === rulesFingerprint(newest)
  );
}

interface RecordedRules {
  readonly fingerprint: string;
  readonly rules: Rules;
}

async function readNewest(client: ClickHouseClient): Promise<RecordedRules | undefined> {
  const result = await client.query({
    query: 'SELECT epoch, fingerprint, rules FROM rules ORDER BY epoch DESC LIMIT 1',
    format: 'JSONEachRow',
  });
  const [row] = await result.json<{ epoch: number; fingerprint: string; rules: string }>();
  return row && { fingerprint: row.fingerprint, rules: rulesFromJson(row.rules, row.epoch) };
}

/** The insert of an epoch that exists already does nothing: its deduplication token is taken. */
async function record(client: ClickHouseClient, rules: Rules, fingerprint: string): Promise<void> {
  await client.command({
    query:
      'INSERT INTO rules (epoch, fingerprint, rules) SELECT {epoch: UInt32}, {fingerprint: String}, {rules: String}',
    query_params: { epoch: rules.epoch, fingerprint, rules: rulesToJson(rules) },
    clickhouse_settings: {
      async_insert: 0,
      insert_deduplicate: 1,
      insert_deduplication_token: `epoch-${rules.epoch}`,
    },
  });
}

async function refuseNewTimezone(client: ClickHouseClient, from: Rules, to: Rules): Promise<void> {
  if (from.timezone === to.timezone) return;
  const result = await client.query({
    query: `
SELECT 1 FROM events_rows LIMIT 1
UNION ALL
SELECT 1 FROM user_day_rows LIMIT 1
UNION ALL
SELECT 1 FROM late_events_rows LIMIT 1
UNION ALL
SELECT 1 FROM source_progress_rows WHERE accepted > 0 LIMIT 1`,
    format: 'JSONEachRow',
  });
  if ((await result.json()).length === 0) return;
  throw new WarehouseError(
    `TIMEZONE is "${to.timezone}", but the days in this database are those of "${from.timezone}": ` +
      `set it to "${from.timezone}", or use an empty database`,
    'TIMEZONE_FIXED',
    false,
  );
}

async function readEventTypes(client: ClickHouseClient): Promise<EventType[]> {
  const result = await client.query({
    query: `
SELECT event_type, aliases, counts_as_active, server_side, miles
FROM event_types FINAL
ORDER BY event_type`,
    format: 'JSONEachRow',
  });
  const rows = await result.json<{
    event_type: string;
    aliases: string[];
    counts_as_active: boolean;
    server_side: boolean;
    miles: EventType['miles'];
  }>();
  return rows.map((row) => ({
    name: row.event_type,
    aliases: row.aliases,
    countsAsActive: row.counts_as_active,
    serverSide: row.server_side,
    miles: row.miles,
  }));
}

async function readPlatforms(client: ClickHouseClient): Promise<PlatformList['platforms']> {
  const result = await client.query({
    query: 'SELECT platform AS name, aliases FROM platforms FINAL ORDER BY platform',
    format: 'JSONEachRow',
  });
  return result.json<{ name: string; aliases: string[] }>();
}

async function readStockCodes(client: ClickHouseClient): Promise<StockCode[]> {
  const result = await client.query({
    query: `
SELECT upperUTF8(stock_code) AS code, line_kind AS lineKind
FROM stock_codes FINAL
WHERE line_kind != 'none'
ORDER BY code`,
    format: 'JSONEachRow',
  });
  return result.json<StockCode>();
}

async function readForgotten(client: ClickHouseClient): Promise<ForgottenPerson[]> {
  const result = await client.query({
    query: `
SELECT DISTINCT field, hash, sha256
FROM forgotten_users
ORDER BY field, sha256`,
    format: 'JSONEachRow',
  });
  return result.json<ForgottenPerson>();
}
