/** Events of people who come in bursts, also over midnight, on several partitions. In: a random source. Out: events. */
import type { Random } from '../simulation/random.ts';
import type { FactEvent } from './event-facts-world.ts';
import { DAY_MICROS } from './user-day.ts';

const GAP = 1_800_000_000;

const TYPES = [
  'page_view',
  'page_view',
  'page_view',
  'add_to_cart',
  'share',
  'package_shipped',
  'app_opened',
];

/** Users by bursts of events, from this day (since 1970) on. */
export function bursts(random: Random, users: number, firstDay: number): FactEvent[] {
  const events: FactEvent[] = [];
  for (let user = 0; user < users; user++) {
    let time = (firstDay + random.int(0, 20)) * DAY_MICROS + random.int(0, 23) * 3_600_000_000;
    const end = time + random.pick([1, 3, 8, 30, 40]) * DAY_MICROS;
    while (time < end) {
      for (let n = random.int(1, 9); n > 0; n--) {
        events.push(burstEvent(random, `user-${user}`, time, events.length));
        time += random.pick([0, 0, 1, GAP - 1, GAP, GAP, GAP + 1, 5_000_000, 61_000_001]);
      }
      time += random.pick([GAP, GAP + 1, 7_200_000_000, DAY_MICROS, 3 * DAY_MICROS]);
      // Some go on all night and the next day.
      if (random.int(0, 9) === 0) {
        for (let n = random.int(20, 70); n > 0; n--) {
          events.push(burstEvent(random, `user-${user}`, time, events.length));
          time += random.pick([GAP, GAP, GAP - 1]);
        }
      }
      // Others just before midnight.
      if (random.int(0, 2) === 0)
        time = Math.ceil(time / DAY_MICROS) * DAY_MICROS - random.pick([1, GAP, 4 * GAP]);
    }
  }
  return events;
}

function burstEvent(random: Random, user: string, time: number, n: number): FactEvent {
  const type = random.pick(TYPES);
  return {
    user,
    source: random.pick(['app-events/0', 'app-events/0', 'app-events/1']),
    id: `e${random.int(0, 9)}-${n}`,
    time,
    type,
    platform: random.pick(['ios', 'android', null]),
    utm: random.pick(['google', null]),
    delta: 0,
    producerSession: random.pick(['s1', 's2', null]),
    page: type === 'page_view' ? `https://example.com/${n % 5}` : null,
  };
}

/** One event of which only this matters. */
export function fact(
  user: string,
  time: number,
  id = `${time}`,
  changes: Partial<FactEvent> = {},
): FactEvent {
  return {
    user,
    source: 'app-events/0',
    id,
    time,
    type: 'page_view',
    platform: null,
    utm: null,
    delta: 0,
    producerSession: null,
    page: null,
    ...changes,
  };
}
