/**
 * What `score` learns from, in a small language. In: features such as `days`, `events:checkout`, `sum:amount`
 * or a column of dim_user_early_engagement, and the days they are counted on. Out: SQL.
 */
import { UsageError } from '../exit-status.ts';

/** Days since a user's creation, both included; 0 is the day of creation. */
export interface DayRange {
  readonly from: number;
  readonly to: number;
}

export interface FeatureChoice {
  /** `null`: every count of events by type, and the platform. */
  readonly features: readonly string[] | null;
  /** On which days `days`, `events` and `sum` count. Columns always count on days 0 to 6. */
  readonly featureDays: DayRange;
  /** Being active on any of these days is the target; `null`: is_retained_4_weeks. */
  readonly targetDays: DayRange | null;
}

/** A number per user. */
export interface Feature {
  readonly name: string;
  /** SQL of a Nullable(Float64), over the tables of `usersWith`. */
  readonly expression: string;
  /** Which of these it reads. */
  readonly table: 'u' | 'd' | 'p';
}

export interface FeaturePlan {
  readonly features: readonly Feature[];
  /** Whether the platform is one of them; its levels depend on the data. */
  readonly platform: boolean;
  readonly choice: FeatureChoice;
}

export const PLATFORM = 'platform';
/** SQL of the platform's level. */
export const PLATFORM_LEVEL = `ifNull(toString(u.creation_app_platform), '(none)')`;

const FORMS =
  'days, events, days:EVENT_TYPE, events:EVENT_TYPE, sum:PROPERTY, platform, or a column of dim_user_early_engagement such as cnt_checkout_events_f7d';
const NUMBER = /^(Nullable\()?(U?Int\d+|Float\d+|Bool)\)?$/;

/**
 * `columns`: those of dim_user_early_engagement with their types. Throws a UsageError for a feature that is none.
 */
export function planFeatures(
  choice: FeatureChoice,
  columns: ReadonlyMap<string, string>,
): FeaturePlan {
  const wanted = choice.features ?? [
    ...[...columns.keys()].filter((name) => /^cnt_(?!days_).*_events_f7d$/.test(name)),
    PLATFORM,
  ];
  const twice = wanted.find((name, at) => wanted.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`--features names "${twice}" twice: name it once`);
  const features = wanted
    .filter((name) => name !== PLATFORM)
    .map((name) => featureNamed(name, columns));
  return { features, platform: wanted.includes(PLATFORM), choice };
}

function featureNamed(name: string, columns: ReadonlyMap<string, string>): Feature {
  const at = name.indexOf(':');
  const [kind, of] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
  if (kind === 'days' || kind === 'events') {
    if (at < 0) return { name, expression: `toFloat64(d.${kind})`, table: 'd' };
    const expression = `toFloat64(d.${kind}_by_type[${quoted(of)}])`;
    if (of !== '') return { name, expression, table: 'd' };
  }
  if (kind === 'sum' && of !== '') {
    return { name, expression: `p.${quotedName(name)}`, table: 'p' };
  }
  const type = columns.get(name);
  if (type === undefined) {
    throw new UsageError(
      `--features: "${name}" is no feature: give ${FORMS} (new event types get columns with \`tidemark refresh\`)`,
    );
  }
  if (!NUMBER.test(type)) {
    throw new UsageError(`--features: ${name} is of type ${type}, not a number: give ${FORMS}`);
  }
  return { name, expression: `toFloat64(u.${quotedName(name)})`, table: 'u' };
}

/**
 * FROM and WHERE of a query with one row per user whose days from 0 to `lastDay` are before `{as_of: Date}`:
 * `u` is dim_user_early_engagement, `d` the days and `p` the properties that the features need.
 */
export function usersWith({ features, choice }: FeaturePlan, lastDay: number): string {
  const { featureDays, targetDays } = choice;
  const within = (days: DayRange) => `(day_index BETWEEN ${days.from} AND ${days.to})`;
  const joins: string[] = [];
  if (targetDays !== null || features.some(({ table }) => table === 'd')) {
    const retained = targetDays === null ? 'false' : `${within(targetDays)} AND is_active`;
    joins.push(`
LEFT JOIN
(
    WITH
        (SELECT groupArray(event_type) FROM event_types FINAL WHERE NOT counts_as_active) AS inactive_types,
        toInt32(x.event_date) - toInt32(c.creation_date) AS day_index,
        ${within(featureDays)} AS counts,
        arrayExists(type -> NOT has(inactive_types, type), mapKeys(x.event_counts)) AS is_active
    SELECT
        x.user_id AS user_id,
        countIf(counts) AS days,
        sumIf(x.events, counts) AS events,
        sumMapIf(mapApply((type, n) -> (toString(type), toUInt64(1)), x.event_counts), counts) AS days_by_type,
        sumMapIf(mapApply((type, n) -> (toString(type), toUInt64(n)), x.event_counts), counts) AS events_by_type,
        countIf(${retained}) > 0 AS is_retained
    FROM user_days AS x
    INNER JOIN (SELECT user_id, creation_date FROM user_first_week) AS c ON c.user_id = x.user_id
    GROUP BY x.user_id
) AS d ON d.user_id = u.user_id`);
  }
  const sums = features.filter(({ table }) => table === 'p');
  if (sums.length > 0) {
    const values = sums.map(({ name }) => {
      const property = quoted(name.slice('sum:'.length));
      return `    sum(ifNull(toFloat64OrNull(e.properties[${property}]), 0)) AS ${quotedName(name)}`;
    });
    joins.push(`
LEFT JOIN
(
    WITH toInt32(e.event_date) - toInt32(c.creation_date) AS day_index
    SELECT
        e.user_id AS user_id,
    ${values.join(',\n    ')}
    FROM events AS e
    INNER JOIN (SELECT user_id, creation_date FROM user_first_week) AS c ON c.user_id = e.user_id
    WHERE ${within(featureDays)}
    GROUP BY e.user_id
) AS p ON p.user_id = u.user_id`);
  }
  return `FROM dim_user_early_engagement AS u${joins.join('')}
WHERE toInt32(u.creation_date) + ${lastDay} < toInt32({as_of: Date})`;
}

/** SQL of the target, NULL while it is open. */
export function targetOf({ targetDays }: FeatureChoice): string {
  return targetDays === null ? 'u.is_retained_4_weeks' : 'd.is_retained';
}

/** Features of the platform: 1 on each level but the reference. `levels` without it; what is in none is 0 in all. */
export function platformFeatures(levels: readonly string[]): readonly Feature[] {
  return levels.map((level) => ({
    name: `${PLATFORM}=${level}`,
    expression: `toFloat64(${PLATFORM_LEVEL} = ${quoted(level)})`,
    table: 'u',
  }));
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function quotedName(text: string): string {
  return `\`${text.replace(/[\\`]/g, '\\$&')}\``;
}
