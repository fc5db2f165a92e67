/**
 * Events as the plainest model has them, and what is stored of them. In: distinct accepted events. Out:
 * rows of user_day_rows, folded without any of the product's code.
 */
export interface PlainEvent {
  readonly user: string;
  readonly source: string;
  readonly id: string;
  /** Microseconds since 1970. */
  readonly time: number;
  readonly type: string;
  readonly platform: string | null;
  readonly utm: string | null;
  /** Miles earned, or redeemed when below zero; 0 for events that move none. */
  readonly delta: number;
}

export const DAY_MICROS = 86_400_000_000;

export const dayOf = (micros: number) => Math.floor(micros / DAY_MICROS);
export const dateOfDay = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
export const dayOfDate = (date: string) => Date.parse(date) / 86_400_000;
export const timeText = (micros: number) =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 23).replace('T', ' ')}${String(micros % 1000).padStart(3, '0')}`;
export const byTime = (a: PlainEvent, b: PlainEvent) =>
  a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

export const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

/** One row per user, day and source. */
export function userDayRows(
  events: readonly PlainEvent[],
  epoch = 1,
): readonly Record<string, unknown>[] {
  const days = groupBy(events, ({ user, source, time }) => `${user} ${source} ${dayOf(time)}`);
  return [...days.values()].map((day) => userDayRow(day.toSorted(byTime), epoch));
}

function userDayRow(sorted: readonly PlainEvent[], epoch: number): Record<string, unknown> {
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new Error('a user-day has an event');
  const moved = sorted.filter(({ delta }) => delta !== 0);
  const onPlatform = groupBy(
    sorted.filter(({ platform }) => platform !== null),
    ({ platform, type }) => `${platform} ${type}`,
  );
  return {
    event_date: dateOfDay(dayOf(first.time)),
    bucket: first.user.length % 64,
    user_id: first.user,
    source: first.source,
    events: sorted.length,
    event_counts: Object.fromEntries(
      [...groupBy(sorted, ({ type }) => type)].map(([type, those]) => [type, those.length]),
    ),
    first_event_at: timeText(first.time),
    last_event_at: timeText(last.time),
    first_event_id: first.id,
    first_platform: first.platform,
    first_utm_source: first.utm,
    first_country: null,
    platform_counts: Object.fromEntries(
      [...onPlatform].map(([pair, those]) => {
        const [platform, type] = pair.split(' ');
        return [`('${platform}','${type}')`, those.length];
      }),
    ),
    miles_earned: sum(moved.map(({ delta }) => Math.max(0, delta))),
    miles_redeemed: sum(moved.map(({ delta }) => Math.max(0, -delta))),
    miles_earned_events: moved.filter(({ delta }) => delta > 0).length,
    miles_redeemed_events: moved.filter(({ delta }) => delta < 0).length,
    miles_ledger: moved.map(({ time, id, delta }) => ({
      time: timeText(time),
      event_id: id,
      delta,
    })),
    version: epoch * 2 ** 32 + sorted.length,
  };
}
