/**
 * States of users, products, plans and orders, word by word as they are defined. In: accepted states in any
 * order. Out: the latest ones, what was true when, and the rows that are stored of them.
 */
import type { Row } from './growth.ts';
import { dateOfDay, dayOf, groupBy, timeText } from './user-day.ts';

/** One accepted state. */
export interface PlainState {
  readonly key: string;
  /** Microseconds since 1970. */
  readonly updatedAt: number;
  /** Columns but for the key and updated_at; null: a tombstone. */
  readonly content: Row | null;
  /** Milliseconds since 1970. */
  readonly recordTime: number | null;
  readonly offset: number;
  readonly source: string;
}

/** What was true of a key from when until when. */
export interface Validity {
  readonly key: string;
  readonly content: Row;
  readonly from: number;
  /** Exclusive; null = still. */
  readonly to: number | null;
}

export interface StateTable {
  readonly table: string;
  readonly key: string;
}

export const USERS: StateTable = { table: 'user_attribute_rows', key: 'user_id' };
export const PRODUCTS: StateTable = { table: 'product_rows', key: 'product_id' };
export const PLANS: StateTable = { table: 'subscription_plan_rows', key: 'plan_id' };
export const ORDERS: StateTable = { table: 'order_rows', key: 'order_id' };

const byKey = (a: { readonly key: string }, b: { readonly key: string }) =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

/** By key, the states in the order in which they count. */
function inOrder(states: readonly PlainState[]): [string, PlainState[]][] {
  return [...groupBy(states, ({ key }) => key)].map(([key, those]) => [
    key,
    those.toSorted(
      (a, b) =>
        a.updatedAt - b.updatedAt ||
        (a.recordTime ?? 0) - (b.recordTime ?? 0) ||
        a.offset - b.offset ||
        (a.source < b.source ? -1 : 1),
    ),
  ]);
}

/** The last state of every key that was not removed. */
export function latest(states: readonly PlainState[]): (PlainState & { content: Row })[] {
  return inOrder(states)
    .flatMap(([, ordered]) => {
      const last = ordered.at(-1);
      return last === undefined || last.content === null
        ? []
        : [{ ...last, content: last.content }];
    })
    .toSorted(byKey);
}

/** Without `untracked` columns: one entry per change. */
export function history(
  states: readonly PlainState[],
  untracked: readonly string[] = [],
): Validity[] {
  const all: Validity[] = [];
  for (const [key, ordered] of inOrder(states)) {
    let open: { content: Row; from: number } | undefined;
    for (const [at, { updatedAt, content }] of ordered.entries()) {
      if (ordered[at + 1]?.updatedAt === updatedAt) continue;
      const tracked =
        content === null
          ? undefined
          : Object.fromEntries(
              Object.entries(content).filter(([column]) => !untracked.includes(column)),
            );
      if (JSON.stringify(tracked) === JSON.stringify(open?.content)) continue;
      if (open !== undefined) all.push({ key, ...open, to: updatedAt });
      open = tracked === undefined ? undefined : { content: tracked, from: updatedAt };
    }
    if (open !== undefined) all.push({ key, ...open, to: null });
  }
  return all.toSorted((a, b) => byKey(a, b) || a.from - b.from);
}

/** What was true of a key at an instant; undefined when nothing was. */
export function asOf(
  validities: readonly Validity[],
  key: string | null,
  time: number,
): Row | undefined {
  return validities.find(
    (each) => each.key === key && each.from <= time && (each.to === null || time < each.to),
  )?.content;
}

/** What the processor stores of a state. */
export function storedRow({ key: keyColumn }: StateTable, state: PlainState): Row {
  const { key, updatedAt, content, recordTime, offset, source } = state;
  return {
    event_date: dateOfDay(dayOf(updatedAt)),
    bucket: key.length,
    [keyColumn]: key,
    state_id: JSON.stringify([key, updatedAt, content]),
    ...content,
    updated_at: timeText(updatedAt),
    deleted: content === null ? 'yes' : 'no',
    source,
    offset,
    record_time: recordTime === null ? null : timeText(recordTime * 1000).slice(0, -3),
    rules_epoch: 1,
  };
}
