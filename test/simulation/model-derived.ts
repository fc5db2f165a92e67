/**
 * In: user-days as stored, and the accepted events. Out: the first user of whom a reader of the
 * user-days would learn something else than the events say: definitions 3 and 5, as functions of each.
 */
import type { Rules } from '../../src/streams/rules.ts';
import type { KeptEvent } from './model-rules.ts';
import { binary } from './native-reader.ts';
import type { Row } from './native-reader.ts';

interface Life {
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly events: number;
  readonly balance: bigint;
  /** [start, end, events] of every session. */
  readonly sessions: readonly (readonly [number, number, number])[];
}

export function differentLife(
  userDays: readonly Row[],
  events: readonly KeptEvent[],
  rules: Rules,
): string | undefined {
  const stored = grouped(userDays, (row) => String(row['user_id']));
  const told = grouped(events, (event) => binary(event.user_id));
  for (const [user, theirs] of told) {
    const wanted = lifeOf(theirs, rules);
    const found = readLife(stored.get(user) ?? [], rules);
    const [a, b] = [words(found), words(wanted)];
    if (a !== b) return `of ${user} user-days tell ${a}, and the events ${b}`;
  }
  return undefined;
}

/** One event after the other. */
function lifeOf(events: readonly KeptEvent[], rules: Rules): Life {
  const type = (event: KeptEvent) =>
    rules.eventTypes.types.find(({ name }) => name === event.event_type);
  const times = events.map((event) => event.event_time).sort((a, b) => a - b);
  const visible = events.filter((event) => type(event)?.serverSide !== true);
  const sessions: [number, number, number][] = [];
  for (const { event_time: time } of visible.toSorted((a, b) => a.event_time - b.event_time)) {
    const open = sessions.at(-1);
    if (open === undefined || time - open[1] > rules.sessionGapSeconds * 1_000_000) {
      sessions.push([time, time, 1]);
    } else {
      open[1] = time;
      open[2]++;
    }
  }
  let balance = 0n;
  for (const event of events) {
    const amount = BigInt(event.miles_amount ?? 0);
    if (type(event)?.miles === 'earned') balance += amount;
    if (type(event)?.miles === 'redeemed') balance -= amount;
  }
  return {
    firstSeen: times[0] ?? 0,
    lastSeen: times.at(-1) ?? 0,
    events: events.length,
    balance,
    sessions,
  };
}

/** Fragments of all days and sources, put together where no gap between them is longer than allowed. */
function readLife(rows: readonly Row[], rules: Rules): Life {
  const number = (name: string): number[] => rows.map((row) => Number(row[name]));
  const sum = (name: string): bigint =>
    rows.reduce((total, row) => total + BigInt(row[name] as number | bigint), 0n);
  const fragments = rows
    .flatMap((row) => row['session_fragments'] as readonly (readonly [number, number, number])[])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const sessions: [number, number, number][] = [];
  for (const [start, end, count] of fragments) {
    const open = sessions.at(-1);
    if (open === undefined || start - open[1] > rules.sessionGapSeconds * 1_000_000) {
      sessions.push([start, end, count]);
    } else {
      open[1] = Math.max(open[1], end);
      open[2] += count;
    }
  }
  return {
    firstSeen: Math.min(...number('first_event_at')),
    lastSeen: Math.max(...number('last_event_at')),
    events: number('events').reduce((total, count) => total + count, 0),
    balance: sum('miles_earned') - sum('miles_redeemed'),
    sessions,
  };
}

function words(life: Life): string {
  return JSON.stringify({ ...life, balance: String(life.balance) });
}

function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
