/** Random states that tie, come late, repeat and end. In: a random source. Out: states in log order. */
import type { Random } from '../simulation/random.ts';
import type { Row } from './growth.ts';
import type { PlainState } from './states.ts';
import { DAY_MICROS, timeText } from './user-day.ts';

export interface StateTraffic {
  readonly users: readonly PlainState[];
  readonly products: readonly PlainState[];
  readonly plans: readonly PlainState[];
  readonly orders: readonly PlainState[];
}

/** Around these days since 1970, on which the events are. */
export function stateTraffic(random: Random, firstDay: number, days: number): StateTraffic {
  const instant = () =>
    (firstDay + random.int(-3, days)) * DAY_MICROS +
    random.pick([0, 1, DAY_MICROS / 2, DAY_MICROS - 1]);
  const maybe = <T>(value: T) => random.pick([value, null]);
  const keys = (name: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${name}-${n}`);
  const stream = (names: readonly string[], content: () => Row) =>
    states(random, names, instant, content);
  return {
    users: stream(keys('user', 24), () => ({
      created_at: timeText((firstDay + random.int(-5, 8)) * DAY_MICROS - random.int(0, 1)),
      creation_platform: random.pick(['ios', 'web', null]),
      plan_id: random.pick(['plan-0', 'plan-1', 'plan-nobody-knows', null]),
      city: maybe('Lund'),
      state: maybe('Skåne'),
      country: random.pick(['SE', 'DK', null]),
      retained_label: random.pick([0, 1, null]),
      attributes: { email: random.pick(['a@example.com', 'b@example.com']) },
    })),
    products: stream(keys('product', 12), () => ({
      name: random.pick(['Fern', "Fern's", '']),
      price: random.pick([1, 1.25]),
      inventory: random.pick([0, 7, null]),
    })),
    plans: stream(keys('plan', 6), () => ({
      name: random.pick(['Basic', 'Plus']),
      price: random.pick([9.99, 19]),
      period: random.pick(['month', 'year']),
    })),
    orders: stream(keys('order', 30), () => {
      const ordered = instant();
      return {
        customer_id: random.pick(keys('user', 12)),
        ordered_at: timeText(ordered),
        status: random.pick(['preparing', 'delivered']),
        order_cost: maybe(5.5),
        shipping_cost: maybe(0),
        order_total: maybe(5.4999),
        promo_id: maybe('spring'),
        shipping_service: maybe('ups'),
        estimated_delivery_at: null,
        delivered_at: maybe(timeText(ordered + random.int(0, 5 * DAY_MICROS))),
      };
    }),
  };
}

/** No state of a source twice, as the processor stores them. */
function states(
  random: Random,
  keys: readonly string[],
  instant: () => number,
  content: () => Row,
): PlainState[] {
  const all: PlainState[] = [];
  const seen = new Set<string>();
  for (const key of keys) {
    const onlyRemoved = random.int(0, 9) === 0;
    // Few instants, and few contents: ties, changes back and changes of nothing are common.
    const instants = [instant(), instant(), instant()];
    const contents = [content(), content()];
    for (let n = random.int(0, 7); n > 0; n--) {
      const removed = onlyRemoved || random.int(0, 4) === 0;
      const state = {
        key,
        updatedAt: random.pick(instants),
        content: removed ? null : random.pick(contents),
        recordTime: random.pick([null, 1_700_000_000_000, 1_700_000_000_000, 1_700_000_000_001]),
        source: random.pick(['s/0', 's/0', 's/1', 'file:x']),
      };
      const identity = JSON.stringify([key, state.updatedAt, state.content, state.source]);
      if (seen.has(identity)) continue;
      seen.add(identity);
      all.push({ ...state, offset: all.length });
    }
  }
  return random.shuffle(all);
}
