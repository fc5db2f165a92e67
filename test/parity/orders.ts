/** Orders and their key figures, word by word as they are defined. In: states and events. Out: what queries must give. */
import { latest } from './states.ts';
import type { Expected, StateWorld } from './states-world.ts';
import { dateOfDay, dayOf, groupBy, sum } from './user-day.ts';

const HOUR = 3_600_000_000;

export function orderTables({ orders, events }: StateWorld): Expected[] {
  const micros = (text: unknown) =>
    typeof text === 'string'
      ? Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23))
      : Number.NaN;
  const facts = latest(orders).map(({ key, content }) => {
    const [at, delivered] = [micros(content['ordered_at']), content['delivered_at']];
    const hours = delivered === null ? null : (micros(delivered) - at) / HOUR;
    return { key, customer: String(content['customer_id']), at, hours };
  });
  const customers = groupBy(facts, ({ customer }) => customer);
  const buyers = (fits: (count: number) => boolean) =>
    [...customers.values()].filter(({ length }) => fits(length)).length;
  const hours = facts.flatMap((fact) => (fact.hours === null ? [] : [fact.hours]));
  const hourOf = (at: number) => Math.floor(at / HOUR);
  const spanOf = (all: readonly number[]) => Math.max(...all) - Math.min(...all) + 1;
  const named = events.filter(({ producerSession }) => producerSession !== null);
  const perHour = groupBy(named, ({ time }) => hourOf(time));
  const distinct = [...perHour.values()].map(
    (those) => new Set(those.map(({ producerSession }) => producerSession)).size,
  );
  return [
    {
      query: `SELECT order_id, order_date, hours_to_delivery, order_number FROM fct_orders ORDER BY order_id`,
      rows: facts.map(({ key, customer, at, hours: toDelivery }) => ({
        order_id: key,
        order_date: dateOfDay(dayOf(at)),
        hours_to_delivery: toDelivery,
        order_number:
          1 +
          (customers.get(customer) ?? []).filter(
            (other) => other.at < at || (other.at === at && other.key < key),
          ).length,
      })),
    },
    {
      query: 'SELECT * EXCEPT computed_at FROM order_kpis',
      rows: [
        {
          buyers: customers.size,
          buyers_1_order: buyers((count) => count === 1),
          buyers_2_orders: buyers((count) => count === 2),
          buyers_3plus_orders: buyers((count) => count > 2),
          repeat_ratio: customers.size === 0 ? null : buyers((count) => count > 1) / customers.size,
          orders: facts.length,
          orders_per_hour:
            facts.length === 0 ? null : facts.length / spanOf(facts.map(({ at }) => hourOf(at))),
          avg_hours_to_delivery: hours.length === 0 ? null : sum(hours) / hours.length,
          avg_sessions_per_hour:
            distinct.length === 0 ? null : sum(distinct) / spanOf([...perHour.keys()]),
        },
      ],
    },
  ];
}
