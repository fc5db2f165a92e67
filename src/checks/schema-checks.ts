/** In: what is known of tables, and their columns as the database has them. Out: the checks that follow from it. */
import { ACCEPTED_VALUES } from './accepted-values.ts';
import { USUAL } from './check.ts';
import type { Check } from './check.ts';
import { TABLES } from './tables.ts';
import type { CheckedTable } from './tables.ts';

export interface ColumnType {
  readonly table: string;
  readonly name: string;
  /** As ClickHouse writes it. */
  readonly type: string;
}

/** What a column must not be, where its name says so; the rest of the name is anything. */
const RANGES: readonly (readonly [name: RegExp, from: number, to: number])[] = [
  [/^(?!.*(quick|earn_redeem)_ratio).*_ratio$/, 0, 1],
  [/^probability/, 0, 1],
  [/_pct$|^retention_rate$|_stickiness$/, 0, 100],
  [/^(daily_retention_health|growth_quality|feature_adoption)_score$/, 0, 100],
  [/^[rfm]_score$/, 1, 5],
  [/^(duration_seconds|hours_to_delivery|recency_days|aov_(order|line)|cltv_\w+)$/, 0, Infinity],
  [/^(monetary|revenue|returned_revenue|price|plan_price)$/, 0, Infinity],
];

export function schemaChecks(columns: readonly ColumnType[]): readonly Check[] {
  return TABLES.flatMap((table) => {
    const own = columns.filter((column) => column.table === table.name);
    return [unique(table), notEmpty(table, own), inRange(table, own), accepted(table)];
  }).filter((check) => check !== undefined);
}

function unique(table: CheckedTable): Check {
  const key = table.key.join(', ');
  return {
    ...from(table),
    name: `unique-${table.name}`,
    kind: 'unique',
    promise: `No two rows of ${table.name} have the same ${key}.`,
    query: `SELECT ${key}, count() AS rows FROM ${rowsOfDays(table)} GROUP BY ${key} HAVING rows > 1`,
    // A tuple, because rows with a NULL among several arguments are not counted.
    glance: { rows: rowsOfDays(table), faults: `count() - uniqExact(tuple(${key}))` },
  };
}

/** In ClickHouse a column that was forgotten is empty, zero or of 1970, and not NULL. */
function notEmpty(table: CheckedTable, columns: readonly ColumnType[]): Check | undefined {
  const faults = columns.flatMap(({ name, type }) => {
    if (table.mayBeEmpty?.includes(name) === true) return [];
    if (/^(LowCardinality\()?String\)?$/.test(type)) return [`${name} = ''`];
    return type.startsWith('Date') ? [`toDate(${name}) = toDate(0)`] : [];
  });
  return ofColumns(table, faults, {
    name: `not-null-${table.name}`,
    kind: 'not null',
    promise: `Every column of ${table.name} that cannot be NULL is there: no empty text, no day zero.`,
  });
}

function inRange(table: CheckedTable, columns: readonly ColumnType[]): Check | undefined {
  const ranges: string[] = [];
  const faults = columns.flatMap(({ name, type }) => {
    if (!/^(Nullable\()?(Float|U?Int|Decimal)/.test(type)) return [];
    const [, low, high = Infinity] = RANGES.find(([pattern]) => pattern.test(name)) ?? [];
    const finite = type.includes('Float') ? [`NOT isFinite(${name})`] : [];
    if (low === undefined) return finite;
    ranges.push(high === Infinity ? `${name} ≥ ${low}` : `${name} in ${low}…${high}`);
    // A sum of parts may be above the whole by the last binary digit.
    const above =
      high === Infinity ? [] : [`${name} > ${type.includes('Float') ? `${high} + 1e-9` : high}`];
    return [...finite, `${name} < ${low}`, ...above];
  });
  const limits = ranges.length === 0 ? '' : `: ${ranges.join(', ')}`;
  return ofColumns(table, faults, {
    name: `in-range-${table.name}`,
    kind: 'range',
    promise: `The numbers of ${table.name} are finite and in their ranges${limits}.`,
  });
}

function accepted(table: CheckedTable): Check | undefined {
  const columns = Object.entries(ACCEPTED_VALUES[table.name] ?? {});
  if (columns.length === 0) return undefined;
  const named = columns.map(([column, among]) => {
    const list =
      typeof among === 'string'
        ? among
        : among.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ');
    return { column, isNamed: `${column} IN (${list})` };
  });
  const values = named.map(
    ({ column, isNamed }) => `if(${isNamed}, [], [('${column}', toString(${column}))])`,
  );
  return {
    ...from(table),
    name: `accepted-values-${table.name}`,
    kind: 'accepted values',
    promise: `${columns.map(([column]) => column).join(', ')} of ${table.name}: only values that the definitions or the reference tables name.`,
    query: `
SELECT wrong.1 AS column, wrong.2 AS value, count() AS rows
FROM ${table.name}
ARRAY JOIN arrayConcat(${values.join(', ')}) AS wrong${days(table)}
GROUP BY column, value`,
    glance: {
      rows: rowsOfDays(table),
      faults: `sum(${named.map(({ isNamed }) => `if(${isNamed}, 0, 1)`).join(' + ')})`,
    },
  };
}

function ofColumns(
  table: CheckedTable,
  faults: readonly string[],
  about: Pick<Check, 'name' | 'kind' | 'promise'>,
): Check | undefined {
  if (faults.length === 0) return undefined;
  const named = faults.map(
    (fault) => `if(ifNull(${fault}, false), '${fault.replaceAll("'", "''")}', '')`,
  );
  const anyFault = faults.map((fault) => `ifNull(${fault}, false)`).join(' OR ');
  const key = table.key.join(', ');
  return {
    ...from(table),
    ...about,
    query: `
SELECT ${key}, arrayFilter(fault -> fault != '', [${named.join(', ')}]) AS faults
FROM ${rowsOfDays(table)}${table.day === undefined ? ' WHERE' : ' AND'} (${anyFault})`,
    glance: { rows: rowsOfDays(table), faults: `countIf(${anyFault})` },
  };
}

function from(table: CheckedTable): Pick<Check, keyof typeof USUAL> {
  return {
    ...USUAL,
    stream: table.stream ?? 'app-events',
    readsMarts: table.mart ?? false,
    remedy:
      table.mart === true
        ? 'compute it anew: tidemark refresh --full; if the rows come back, report them'
        : 'look at the rows: they were changed by hand or by another program, or the definition of the table is wrong',
  };
}

/** Of the days that are checked, where the table goes by days: what follows FROM. */
export function rowsOfDays(table: Pick<CheckedTable, 'name' | 'day'>): string {
  return table.name + days(table);
}

function days({ day }: Pick<CheckedTable, 'day'>): string {
  return day === undefined ? '' : `\nWHERE ${day} >= {from: Date} AND ${day} <= {to: Date}`;
}
