/**
 * The tables that states make, alone or joined to events. In: accepted states and events. Out: per table a
 * query and the rows that it must give.
 */
import type { FactEvent } from './event-facts-world.ts';
import { orderTables } from './orders.ts';
import { asOf, history, latest } from './states.ts';
import type { StateTable, Validity } from './states.ts';
import type { Expected, StateWorld } from './states-world.ts';
import { byTime, dateOfDay, dayOf, groupBy, timeText } from './user-day.ts';

const usersHistory = ({ users }: StateWorld) => history(users, ['attributes']);

export function expectedOfStates(world: StateWorld): readonly Expected[] {
  return [
    ...latestTables(world),
    ...historyTables(world),
    ...eventTables(world),
    ...orderTables(world),
    dimUsers(world),
    dimPlans(world),
    activity(world, world.lastDay, 'active_and_inactive_user'),
    ...[-3, 5, 35, 80].map((day) => {
      const on = world.lastDay - 40 + day;
      return activity(world, on, `active_and_inactive_user_as_of(as_of = '${dateOfDay(on)}')`);
    }),
  ];
}

function latestTables({ users, products, plans, orders }: StateWorld): Expected[] {
  const rows = (key: string, states: StateWorld['users'], leaves: readonly string[] = []) =>
    latest(states).map(({ key: id, content, updatedAt }) => ({
      [key]: id,
      ...Object.fromEntries(Object.entries(content).filter(([column]) => !leaves.includes(column))),
      updated_at: timeText(updatedAt),
    }));
  const all = (table: string, key: string) =>
    `SELECT * EXCEPT computed_at FROM ${table} ORDER BY ${key}`;
  return [
    { query: all('user_attributes', 'user_id'), rows: rows('user_id', users, ['attributes']) },
    { query: all('products', 'product_id'), rows: rows('product_id', products) },
    { query: all('subscription_plans', 'plan_id'), rows: rows('plan_id', plans) },
    { query: all('orders', 'order_id'), rows: rows('order_id', orders) },
    {
      query: all('user_personal_data', 'user_id'),
      rows: latest(users).map(({ key, content, updatedAt }) => ({
        user_id: key,
        attributes: content['attributes'],
        updated_at: timeText(updatedAt),
      })),
    },
  ];
}

function historyTables(world: StateWorld): Expected[] {
  const table = (
    name: string,
    { key }: Pick<StateTable, 'key'>,
    validities: readonly Validity[],
  ) => ({
    query: `SELECT * EXCEPT computed_at FROM ${name} ORDER BY ${key}, valid_from`,
    rows: validities.map(({ key: id, content, from, to }) => ({
      [key]: id,
      ...content,
      valid_from: timeText(from),
      valid_to: to === null ? null : timeText(to),
    })),
  });
  return [
    table('user_attributes_history', { key: 'user_id' }, usersHistory(world)),
    table('products_history', { key: 'product_id' }, history(world.products)),
    table('subscription_plans_history', { key: 'plan_id' }, history(world.plans)),
  ];
}

function eventTables(world: StateWorld): Expected[] {
  const users = new Map(latest(world.users).map(({ key, content }) => [key, content]));
  const [products, plans, plansOfUsers] = [
    history(world.products),
    history(world.plans),
    usersHistory(world),
  ];
  const place = (user: string) => ({
    state: users.get(user)?.['state'] ?? null,
    country: users.get(user)?.['country'] ?? null,
  });
  const ordered = world.events.toSorted((a, b) =>
    a.user === b.user ? byTime(a, b) : a.user < b.user ? -1 : 1,
  );
  const homes = (with_: (event: FactEvent) => boolean) =>
    [...groupBy(ordered.filter(with_), ({ user }) => user).keys()].map((user) => ({
      user_id: user,
      ...place(user),
    }));
  return [
    {
      query: `SELECT user_id, event_id, product_id, product_name, product_price, state, country, user_created_at
        FROM fct_page_views ORDER BY user_id, event_time, event_id`,
      rows: ordered
        .filter(({ type }) => type === 'page_view')
        .map(({ user, id, time, product = null }) => ({
          user_id: user,
          event_id: id,
          product_id: product,
          product_name: asOf(products, product, time)?.['name'] ?? null,
          product_price: asOf(products, product, time)?.['price'] ?? null,
          ...place(user),
          user_created_at: users.get(user)?.['created_at'] ?? null,
        })),
    },
    {
      query: `SELECT user_id, event_id, feature, plan_id, plan_name, plan_price, plan_period
        FROM fct_interactions ORDER BY user_id, event_time, event_id`,
      rows: ordered.flatMap(({ user, id, time, feature = null, plan: named = null }) => {
        if (feature === null) return [];
        const plan =
          named ?? (asOf(plansOfUsers, user, time)?.['plan_id'] as string | undefined) ?? null;
        const then = asOf(plans, plan, time);
        return [
          {
            user_id: user,
            event_id: id,
            feature,
            plan_id: plan,
            plan_name: then?.['name'] ?? null,
            plan_price: then?.['price'] ?? null,
            plan_period: then?.['period'] ?? null,
          },
        ];
      }),
    },
    {
      query: 'SELECT DISTINCT user_id, state, country FROM fct_user_sessions ORDER BY user_id',
      rows: homes(({ type }) => type !== 'package_shipped'),
    },
    {
      query: 'SELECT DISTINCT user_id, state, country FROM fct_producer_sessions ORDER BY user_id',
      rows: homes(({ producerSession }) => producerSession !== null),
    },
  ];
}

function dimUsers({ users, events }: StateWorld): Expected {
  const known = new Map(latest(users).map(({ key, content }) => [key, content]));
  const columns = ['created_at', 'creation_platform', 'plan_id', 'city', 'state', 'country'];
  return {
    query: `SELECT user_id, creation_date, ${columns.join(', ')} FROM dim_users ORDER BY user_id`,
    rows: [...groupBy(events, ({ user }) => user).keys()].toSorted().map((user) => {
      const attributes = known.get(user);
      return {
        user_id: user,
        creation_date:
          attributes === undefined ? null : String(attributes['created_at']).slice(0, 10),
        ...Object.fromEntries(columns.map((column) => [column, attributes?.[column] ?? null])),
      };
    }),
  };
}

function dimPlans({ plans, users }: StateWorld): Expected {
  return {
    query: 'SELECT * EXCEPT computed_at FROM dim_subscription_plans ORDER BY plan_id',
    rows: [...groupBy(history(plans), ({ key }) => key)].map(([key, validities]) => {
      const last = validities.at(-1);
      return {
        plan_id: key,
        plan_name: last?.content['name'],
        plan_price: last?.content['price'],
        plan_period: last?.content['period'],
        first_known_at: timeText(validities[0]?.from ?? 0),
        removed_at: last === undefined || last.to === null ? null : timeText(last.to),
        users: latest(users).filter(({ content }) => content['plan_id'] === key).length,
      };
    }),
  };
}

function activity(world: StateWorld, day: number, view: string): Expected {
  const valid = usersHistory(world).filter(
    ({ from, to }) => dayOf(from) <= day && (to === null || dayOf(to) > day),
  );
  const seen = groupBy(
    world.events.filter(({ time }) => dayOf(time) <= day),
    ({ user }) => user,
  );
  const users = [...new Set([...seen.keys(), ...valid.map(({ key }) => key)])].toSorted();
  return {
    query: `SELECT * EXCEPT computed_at FROM ${view} ORDER BY user_id`,
    rows: users.map((user) => {
      const days = (seen.get(user) ?? []).map(({ time }) => dayOf(time));
      const last = days.length === 0 ? null : Math.max(...days);
      return {
        user_id: user,
        plan_id: valid.find(({ key }) => key === user)?.content['plan_id'] ?? null,
        total_interactions: days.length,
        last_activity_date: last === null ? null : dateOfDay(last),
        days_since_last_activity: last === null ? null : day - last,
        status: last === null ? 'never_active' : day - last <= 30 ? 'active' : 'inactive',
      };
    }),
  };
}
