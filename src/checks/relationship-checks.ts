/** In: which columns name rows of other tables. Out: a check of each, of streams that are known at all. */
import { USUAL } from './check.ts';
import type { Check, Severity } from './check.ts';
import { rowsOfDays } from './schema-checks.ts';

interface Relationship {
  readonly table: string;
  readonly column: string;
  readonly to: readonly [table: string, column: string];
  readonly severity: Severity;
  /** The column of days by which it is confined. */
  readonly day?: string;
  readonly readsMarts?: boolean;
}

const day = { day: 'event_date' };

const RELATIONSHIPS: readonly Relationship[] = [
  // What comes by different streams comes in any order: what is not there yet is no fault of ours.
  {
    table: 'events',
    column: 'product_id',
    to: ['products', 'product_id'],
    severity: 'warn',
    ...day,
  },
  {
    table: 'events',
    column: 'plan_id',
    to: ['subscription_plans', 'plan_id'],
    severity: 'warn',
    ...day,
  },
  { table: 'events', column: 'order_id', to: ['orders', 'order_id'], severity: 'warn', ...day },
  {
    table: 'events',
    column: 'user_id',
    to: ['user_attributes', 'user_id'],
    severity: 'warn',
    ...day,
  },
  {
    table: 'user_attributes',
    column: 'plan_id',
    to: ['subscription_plans', 'plan_id'],
    severity: 'warn',
  },
  { table: 'events', column: 'platform', to: ['platforms', 'platform'], severity: 'warn', ...day },
  {
    table: 'user_days',
    column: 'user_id',
    to: ['dim_users', 'user_id'],
    severity: 'error',
    ...day,
  },
  {
    table: 'sessions',
    column: 'user_id',
    to: ['user_days', 'user_id'],
    severity: 'error',
    readsMarts: true,
    ...day,
  },
  {
    table: 'balance_breaches',
    column: 'user_id',
    to: ['dim_users', 'user_id'],
    severity: 'error',
    readsMarts: true,
  },
];

export function relationshipChecks(): readonly Check[] {
  return RELATIONSHIPS.map(({ table: name, column, to: [other, key], severity, day, ...more }) => {
    const rows = rowsOfDays(day === undefined ? { name } : { name, day });
    const isMissing = `${column} IS NOT NULL AND ${column} NOT IN (SELECT ${key} FROM ${other})`;
    const thereAreAny = `(SELECT count() FROM ${other}) > 0`;
    return {
      ...USUAL,
      name: `relationship-${name}-${column}-${other}`,
      kind: 'relationship',
      severity,
      readsMarts: more.readsMarts ?? false,
      promise: `Every ${column} of ${name} is one of ${other}, as soon as there are any.`,
      remedy:
        severity === 'warn'
          ? `see whether what ${other} come from is behind, or whether the producer of ${name} names what is not there`
          : 'compute it anew: tidemark refresh --full; if the rows come back, report them',
      query: `
SELECT ${column}, count() AS rows
FROM ${rows}${day === undefined ? ' WHERE' : ' AND'} ${isMissing}
    AND ${thereAreAny}
GROUP BY ${column}`,
      glance: { rows, faults: `countIf(${isMissing}) * (${thereAreAny})` },
    };
  });
}
