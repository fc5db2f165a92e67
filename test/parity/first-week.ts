/**
 * First weeks and days of users, word by word as they are defined. In: distinct accepted events, and when
 * users registered. Out: the rows that each table must have.
 */
import type { FactEvent, FactTable, FactWorld } from './event-facts-world.ts';
import type { Row } from './growth.ts';
import { countColumns, countsOf } from './sessions.ts';
import { byTime, dateOfDay, dayOf, groupBy } from './user-day.ts';

interface Life {
  readonly user: string;
  readonly events: readonly FactEvent[];
  /** Days since 1970. */
  readonly creation: number;
}

function lives({ events, registered }: FactWorld): Life[] {
  const byUser = groupBy(events, ({ user }) => user);
  return [...new Set([...byUser.keys(), ...registered.keys()])].toSorted().map((user) => {
    const theirs = (byUser.get(user) ?? []).toSorted(byTime);
    const first = Math.min(...theirs.map(({ time }) => dayOf(time)));
    return { user, events: theirs, creation: registered.get(user)?.day ?? first };
  });
}

function weekOf(world: FactWorld, { events, creation }: Life): Row {
  const week = events.filter(({ time }) => dayOf(time) >= creation && dayOf(time) <= creation + 6);
  const daysOf = (type: string) =>
    new Set(week.flatMap((event) => (event.type === type ? [dayOf(event.time)] : []))).size;
  const counts = countsOf(week);
  return {
    event_counts_f7d: counts,
    event_days_f7d: Object.fromEntries(Object.keys(counts).map((type) => [type, daysOf(type)])),
    ...Object.fromEntries(
      world.types.flatMap((type): [string, number][] => [
        [`cnt_${type}_events_f7d`, counts[type] ?? 0],
        [`cnt_days_${type}_f7d`, daysOf(type)],
        [`has_${type}_f7d`, counts[type] === undefined ? 0 : 1],
      ]),
    ),
    f7d_complete: creation + 6 < world.completeBefore,
  };
}

function firstWeeks(world: FactWorld): Row[] {
  return lives(world).map((life) => ({
    user_id: life.user,
    creation_date: dateOfDay(life.creation),
    ...weekOf(world, life),
  }));
}

function earlyEngagement(world: FactWorld): Row[] {
  return lives(world).map((life) => {
    const stayed = life.events.some(({ time, type }) => {
      const index = dayOf(time) - life.creation;
      return index >= 22 && index <= 28 && world.isActive(type);
    });
    return {
      user_id: life.user,
      creation_date: dateOfDay(life.creation),
      creation_app_platform:
        world.registered.get(life.user)?.platform ?? life.events[0]?.platform ?? null,
      ...weekOf(world, life),
      is_retained_4_weeks: life.creation + 28 < world.completeBefore ? (stayed ? 1 : 0) : null,
    };
  });
}

/** Every day from the creation to `asOf`, in days since 1970. */
export function dailyEvents(world: FactWorld, asOf: number): Row[] {
  return lives(world).flatMap(({ user, events, creation }) => {
    const byDay = groupBy(events, ({ time }) => dayOf(time));
    return Array.from({ length: Math.max(0, asOf - creation + 1) }, (_, index) => {
      const counts = countsOf(byDay.get(creation + index) ?? []);
      return {
        user_id: user,
        event_date: dateOfDay(creation + index),
        day_index: index,
        events: byDay.get(creation + index)?.length ?? 0,
        event_counts: counts,
        ...countColumns(world, counts),
      };
    });
  });
}

export const FIRST_WEEK_TABLES: readonly FactTable[] = [
  { name: 'user_first_week', order: 'user_id', model: firstWeeks },
  { name: 'dim_user_early_engagement', order: 'user_id', model: earlyEngagement },
  {
    name: 'fct_daily_user_events',
    order: 'user_id, event_date',
    model: (world) => dailyEvents(world, world.lastDay),
  },
];
