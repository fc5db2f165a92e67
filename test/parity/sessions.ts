/**
 * Sessions, word by word as they are defined. In: distinct accepted events. Out: the rows that each table
 * must have, with the user and the start of a session in place of its id.
 */
import type { FactEvent, FactTable, FactWorld } from './event-facts-world.ts';
import type { Row } from './growth.ts';
import { byTime, dateOfDay, dayOf, groupBy, timeText } from './user-day.ts';
import type { PlainEvent } from './user-day.ts';

const GAP_MICROS = 1_800_000_000;

export interface Run<E extends PlainEvent> {
  readonly start: number;
  readonly end: number;
  readonly events: readonly E[];
  readonly counts: Readonly<Record<string, number>>;
}

/** Of events of one user: the maximal runs without a longer gap, of those that are not server-side. */
export function sessionRuns<E extends PlainEvent>(
  events: readonly E[],
  isServerSide: (type: string) => boolean,
): Run<E>[] {
  const runs: E[][] = [];
  for (const event of events.filter(({ type }) => !isServerSide(type)).toSorted(byTime)) {
    const open = runs.at(-1);
    const last = open?.at(-1);
    if (open !== undefined && last !== undefined && event.time - last.time <= GAP_MICROS) {
      open.push(event);
    } else runs.push([event]);
  }
  return runs.map((run) => ({
    start: run[0]?.time ?? Number.NaN,
    end: run.at(-1)?.time ?? Number.NaN,
    events: run,
    counts: countsOf(run),
  }));
}

export function countsOf(events: readonly PlainEvent[]): Record<string, number> {
  const types = [...groupBy(events, ({ type }) => type)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(types.map(([type, those]) => [type, those.length]));
}

/** One column per event type of the catalogue. */
export function countColumns(world: FactWorld, counts: Readonly<Record<string, number>>): Row {
  return Object.fromEntries(world.types.map((type) => [`cnt_${type}_events`, counts[type] ?? 0]));
}

const sessionOf = (user: string, start: number) => `${user} ${timeText(start)}`;

function allRuns(world: FactWorld): { user: string; run: Run<FactEvent> }[] {
  const users = [...groupBy(world.events, ({ user }) => user)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return users.flatMap(([user, events]) =>
    sessionRuns(events, world.isServerSide).map((run) => ({ user, run })),
  );
}

function sessionRow(user: string, { start, end, events, counts }: Run<FactEvent>): Row {
  return {
    user_id: user,
    event_date: dateOfDay(dayOf(start)),
    started_at: timeText(start),
    ended_at: timeText(end),
    duration_seconds: (end - start) / 1_000_000,
    events: events.length,
    event_counts: counts,
  };
}

function sessions(world: FactWorld): Row[] {
  return allRuns(world).map(({ user, run }) => ({
    session: sessionOf(user, run.start),
    ...sessionRow(user, run),
  }));
}

function userSessions(world: FactWorld): Row[] {
  return allRuns(world).map(({ user, run }) => ({
    session: sessionOf(user, run.start),
    ...sessionRow(user, run),
    ...countColumns(world, run.counts),
    state: null,
    country: null,
  }));
}

function producerSessions(world: FactWorld): Row[] {
  const named = world.events.filter(({ producerSession }) => producerSession !== null);
  const groups = groupBy(named, ({ user, producerSession }) => `${user} ${producerSession}`);
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, events]) => {
      const user = events[0]?.user ?? '';
      const [start, end] = [events[0]?.time ?? 0, events.at(-1)?.time ?? 0];
      const counts = countsOf(events);
      return {
        producer_session_id: events[0]?.producerSession,
        ...sessionRow(user, { start, end, events, counts }),
        ...countColumns(world, counts),
        state: null,
        country: null,
      };
    });
}

function eventFacts(world: FactWorld): Row[] {
  const places = new Map<FactEvent, { session: string; place: number }>();
  for (const { user, run } of allRuns(world)) {
    for (const [at, event] of run.events.entries()) {
      places.set(event, { session: sessionOf(user, run.start), place: at + 1 });
    }
  }
  return inOrder(world).map((event) => {
    const place = places.get(event);
    return {
      event_date: dateOfDay(dayOf(event.time)),
      user_id: event.user,
      event_id: event.id,
      event_time: timeText(event.time),
      event_type: event.type,
      session: place?.session ?? null,
      is_session_start: place?.place === 1 ? 1 : 0,
      event_sequence_in_session: place?.place ?? null,
      platform: event.platform,
      utm_source: event.utm,
      channel_group: event.utm === 'google' ? 'paid' : 'other',
      miles_amount: event.delta === 0 ? null : Math.abs(event.delta),
      producer_session_id: event.producerSession,
      page_url: event.page,
      source: event.source,
    };
  });
}

function pageViews(world: FactWorld): Row[] {
  const facts = eventFacts(world).filter((row) => row['event_type'] === 'page_view');
  const products = new Map(world.events.map(({ user, id, product }) => [`${user} ${id}`, product]));
  return facts.map((row) => ({
    event_id: row['event_id'],
    user_id: row['user_id'],
    event_time: row['event_time'],
    event_date: row['event_date'],
    session: row['session'],
    page_url: row['page_url'],
    product_id: products.get([row['user_id'], row['event_id']].join(' ')) ?? null,
    product_name: null,
    product_price: null,
    state: null,
    country: null,
    user_created_at: null,
  }));
}

/** By user, then by time. */
function inOrder(world: FactWorld): FactEvent[] {
  return world.events.toSorted((a, b) =>
    a.user < b.user ? -1 : a.user > b.user ? 1 : byTime(a, b),
  );
}

export const SESSION_TABLES: readonly FactTable[] = [
  { name: 'sessions', order: 'user_id, started_at', model: sessions },
  { name: 'fct_user_sessions', order: 'user_id, started_at', model: userSessions },
  {
    name: 'fct_producer_sessions',
    order: 'user_id, producer_session_id',
    model: producerSessions,
  },
];

export const EVENT_FACTS: readonly FactTable[] = [
  {
    name: 'fct_events',
    except: [
      'country',
      'transaction_category',
      'product_id',
      'order_id',
      'plan_id',
      'feature',
      'properties',
      'processed_at',
    ],
    order: 'user_id, event_time, event_id',
    model: eventFacts,
  },
  { name: 'fct_page_views', order: 'user_id, event_time, event_id', model: pageViews },
];
