/** The catalogue of event types as rows of ClickHouse: read, changed by whole rows. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../config/configuration.ts';
import { warehouseError } from '../warehouse/errors.ts';
import { adoptRules, readNewestRules } from '../warehouse/rules-store.ts';
import { UsageError } from './exit-status.ts';

export interface EventTypeRow {
  readonly event_type: string;
  readonly label: string;
  readonly aliases: readonly string[];
  readonly counts_as_active: boolean;
  readonly server_side: boolean;
  readonly miles: 'earned' | 'redeemed' | 'none';
  readonly description: string;
}

export type EventTypeChange = Partial<Omit<EventTypeRow, 'event_type'>>;

const NAME = /^[a-z][a-z0-9_]{0,127}$/;
const COLUMNS =
  'event_type, label, aliases, counts_as_active, server_side, toString(miles) AS miles, description';

export async function readEventTypes(client: ClickHouseClient): Promise<EventTypeRow[]> {
  try {
    const result = await client.query({
      query: `SELECT ${COLUMNS} FROM event_types FINAL ORDER BY event_type`,
      format: 'JSONEachRow',
    });
    return await result.json<EventTypeRow>();
  } catch (error) {
    throw warehouseError(error, 'read the event types');
  }
}

/** Throws a UsageError when a name is not one, or means another type already. */
export async function setEventType(
  client: ClickHouseClient,
  name: string,
  change: EventTypeChange,
): Promise<EventTypeRow> {
  if (!NAME.test(name)) {
    throw new UsageError(
      `the event type must be snake_case of at most 128 characters, got "${name}"`,
    );
  }
  const all = await readEventTypes(client);
  refuseTakenNames(name, change.aliases ?? [], all);
  const row: EventTypeRow = {
    label: name.replaceAll('_', ' '),
    aliases: [],
    counts_as_active: true,
    server_side: false,
    miles: 'none',
    description: '',
    ...all.find((each) => each.event_type === name),
    ...change,
    event_type: name,
  };
  try {
    await client.insert({ table: 'event_types', values: [row], format: 'JSONEachRow' });
  } catch (error) {
    throw warehouseError(error, 'store the event type');
  }
  return row;
}

function refuseTakenNames(
  name: string,
  aliases: readonly string[],
  all: readonly EventTypeRow[],
): void {
  for (const each of all) {
    if (each.event_type !== name && each.aliases.includes(name)) {
      throw new UsageError(`"${name}" is an alias of ${each.event_type}; take it away there first`);
    }
    for (const alias of aliases) {
      const taken = each.event_type === alias || each.aliases.includes(alias);
      if (each.event_type !== name && taken) {
        throw new UsageError(`--alias "${alias}" means ${each.event_type} already`);
      }
    }
  }
  if (aliases.includes('')) throw new UsageError('--alias must not be empty');
}

/** Whether types that are not listed are invalid. */
export async function isClosed(client: ClickHouseClient): Promise<boolean> {
  return (await readNewestRules(client))?.eventTypes.closed ?? false;
}

/** Records it as a change of the rules in the database; before there are any, of the configured ones. */
export async function setClosed(
  client: ClickHouseClient,
  closed: boolean,
  { rules }: Configuration,
): Promise<void> {
  const newest = await readNewestRules(client);
  await adoptRules(client, { ...(newest ?? rules), eventTypesClosed: closed });
}

/**
 * Marks the types of a new catalogue as active or not. Entries that a person has changed stay as they
 * are, and once there are rules the catalogue is no longer new.
 */
export async function seedActiveTypes(
  client: ClickHouseClient,
  active: readonly string[],
): Promise<void> {
  if ((await readNewestRules(client)) !== undefined) return;
  try {
    await client.command({ query: SEED_ACTIVE, query_params: { active: [...active] } });
  } catch (error) {
    throw warehouseError(error, 'seed the active event types');
  }
}

/** The time is later than that of the rows that come with the schema, and earlier than any person's. */
const SEED_ACTIVE = `
INSERT INTO event_types
    (event_type, label, aliases, counts_as_active, server_side, miles, description, updated_at)
SELECT
    event_type,
    label,
    aliases,
    has({active: Array(String)}, event_type),
    server_side,
    miles,
    description,
    toDateTime64('1970-01-02 00:00:00', 3, 'UTC')
FROM event_types FINAL
WHERE updated_at < toDateTime64('1971-01-01 00:00:00', 3, 'UTC')
UNION ALL
SELECT
    arrayJoin({active: Array(String)}) AS event_type,
    replaceAll(event_type, '_', ' '),
    [],
    true,
    false,
    'none',
    '',
    toDateTime64('1970-01-02 00:00:00', 3, 'UTC')
WHERE event_type NOT IN (SELECT event_type FROM event_types)`;
