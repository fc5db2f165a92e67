/** Whom `score` can learn from, or score. In: events and first weeks in ClickHouse. Out: days, columns and numbers of users. */
import type { ClickHouseClient } from '@clickhouse/client';
import { WorkError } from '../exit-status.ts';
import { PLATFORM_LEVEL, targetOf } from './features.ts';
import type { DayRange, FeaturePlan } from './features.ts';
import { rowsOf } from '../../warehouse/rows.ts';

/** Columns of dim_user_early_engagement count days 0 to this one. */
export const LAST_COLUMN_DAY = 6;
/** Platforms beyond so many count with the reference. */
const MOST_LEVELS = 20;

export async function engagementColumns(
  client: ClickHouseClient,
): Promise<ReadonlyMap<string, string>> {
  const columns = await rowsOf<{ name: string; type: string }>(
    client,
    `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'dim_user_early_engagement' ORDER BY position`,
  );
  return new Map(columns.map(({ name, type }) => [name, type]));
}

export interface Horizon {
  readonly asOf: string;
  readonly completeBefore: string;
  /** RETENTION_DAYS. */
  readonly retention: DayRange;
}

/** Throws a WorkError while there are no events. */
export async function horizonOf(
  client: ClickHouseClient,
  asOf: string | undefined,
): Promise<Horizon> {
  const [row] = await rowsOf<{ complete_before: string; from: number; to: number }>(
    client,
    `
SELECT
    toString(complete_before) AS complete_before,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_first_day') AS from,
    (SELECT toInt32(argMax(value, updated_at)) FROM view_settings WHERE name = 'retention_last_day') AS to
FROM stream_watermarks
WHERE stream = 'app-events'`,
  );
  if (row === undefined) {
    throw new WorkError(
      'there are no app events yet: send some (`tidemark generate`, `tidemark ingest`), and `tidemark refresh`',
    );
  }
  const { complete_before, from, to } = row;
  return {
    asOf: asOf ?? complete_before,
    completeBefore: complete_before,
    retention: { from, to },
  };
}

/** How many users there are, how many of them retained, and their platforms, the most frequent first. */
export async function countPeople(
  client: ClickHouseClient,
  source: string,
  { platform, choice }: FeaturePlan,
  asOf: string,
) {
  const levels = await rowsOf<{ level: string; users: number; retained: number }>(
    client,
    `
SELECT
    ${platform ? PLATFORM_LEVEL : `''`} AS level,
    count() AS users,
    countIf(assumeNotNull(${targetOf(choice)})) AS retained
${source}
GROUP BY level
ORDER BY users DESC, level`,
    { as_of: asOf },
  );
  return {
    rows: levels.reduce((sum, { users }) => sum + users, 0),
    retained: levels.reduce((sum, { retained }) => sum + retained, 0),
    levels: platform ? levels.slice(0, MOST_LEVELS + 1).map(({ level }) => level) : [],
  };
}

/** Why there are no users, and from when on there will be. */
export async function nobodyYet(
  client: ClickHouseClient,
  lastDay: number,
  asOf: string,
  completeBefore: string,
): Promise<WorkError> {
  const [row] = await rowsOf<{ users: number; day: string }>(
    client,
    `SELECT count() AS users, toString(min(creation_date) + ${lastDay + 1}) AS day FROM user_first_week`,
  );
  if (row === undefined || row.users === 0) {
    return new WorkError('no user has a first week yet: `tidemark refresh` computes them');
  }
  return new WorkError(
    `no user has complete windows before ${asOf} yet: the first ones will on ${row.day}, when the days before it ` +
      `are complete (now those before ${completeBefore} are); shorter windows are chosen with --target-days`,
  );
}
