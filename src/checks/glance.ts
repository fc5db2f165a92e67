/**
 * In: checks that are counts over the same rows. Out: those that hold, by one query for all of them: most
 * of the time of a check goes into reading a view, not into what is asked of its rows.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from '../warehouse/errors.ts';
import { ask } from './ask.ts';
import type { Check } from './check.ts';

/** Checks that can be asked together, each of the others by itself; in the order in which they begin. */
export function groupsOf(checks: readonly Check[]): readonly (readonly Check[])[] {
  const groups = new Map<unknown, Check[]>();
  for (const check of checks) {
    const { glance, fault, stream } = check;
    const key = glance === undefined || fault !== undefined ? check : `${stream} ${glance.rows}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [check]);
    else group.push(check);
  }
  return [...groups.values()];
}

/**
 * Of a group: which checks find nothing. Where the query fails, or takes too much, none is said to hold: asked one by
 * one, they say which is at fault.
 * @throws WarehouseError when ClickHouse cannot be asked at all.
 */
export async function holdingAtAGlance(
  client: ClickHouseClient,
  group: readonly Check[],
  parameters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<ReadonlySet<Check>> {
  const glances = group.flatMap(({ glance }) => (glance === undefined ? [] : [glance]));
  const [first] = glances;
  if (first === undefined || glances.length < Math.max(2, group.length)) return new Set();
  try {
    const counts = glances.map(({ faults }) => `toUInt64(${faults})`).join(', ');
    const query = `SELECT [${counts}] AS faults\nFROM ${first.rows}`;
    const [row] = await ask<{ faults: readonly number[] }>(client, query, parameters, signal);
    return new Set(group.filter((_, at) => row?.faults[at] === 0));
  } catch (error) {
    const fault = warehouseError(error, 'run checks');
    if (!isOfClickHouse(fault)) throw fault;
    return new Set();
  }
}

/** Whether ClickHouse answered, and the query is at fault. */
export function isOfClickHouse({ code }: { readonly code: string }): boolean {
  return /^\d+$/.test(code);
}
