/** In: the figures of a shop. Out: a picture of them for a terminal, 80 columns wide. */

/** [Hour as seconds since 1970, number] of the hours that have any. */
type ByHour = readonly (readonly [hour: number, count: number])[];

export interface GreeneryFigures {
  readonly users: number;
  readonly active_users: number;
  /** By the gap rule, without what the warehouse sends; with it; as the shop counts them. */
  readonly sessions: number;
  readonly sessions_of_all_types: number;
  readonly producer_sessions: number;
  readonly orders_by_hour: ByHour;
  readonly sessions_by_hour: ByHour;
  /** [Event type, sessions that have one]. */
  readonly funnel: readonly (readonly [type: string, sessions: number])[];
  /** [Name, price, page views], the most viewed first. */
  readonly products: readonly (readonly [name: string, price: number, views: number])[];
  readonly buyers: number;
  readonly buyers_1_order: number;
  readonly buyers_2_orders: number;
  readonly buyers_3plus_orders: number;
  readonly repeat_ratio: number;
  readonly orders: number;
  readonly orders_per_hour: number;
  readonly avg_hours_to_delivery: number;
  readonly avg_sessions_per_hour: number;
}

const HOUR = 3600;
const BAR_WIDTH = 40;

export function greeneryPicture(figures: GreeneryFigures): string {
  const { funnel, products, users, buyers, repeat_ratio: ratio } = figures;
  const first = Math.min(...figures.orders_by_hour.map(([hour]) => hour));
  const hours = 1 + (Math.max(...figures.orders_by_hour.map(([hour]) => hour)) - first) / HOUR;
  const again = figures.buyers_2_orders + figures.buyers_3plus_orders;
  const lines = [
    '',
    `Greenery, ${hours} hours from ${new Date(first * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    `  orders     ${sparkline(figures.orders_by_hour, first, hours)}  ${figures.orders_per_hour.toFixed(6)} an hour`,
    `  sessions   ${sparkline(figures.sessions_by_hour, first, hours)}  ${figures.avg_sessions_per_hour.toFixed(1)} in an hour`,
    '',
    `How far the shop's ${figures.producer_sessions} sessions get`,
    ...bars(funnel.map(([type, sessions]) => [type.replaceAll('_', ' '), sessions, ''])),
    '',
    `How often ${buyers} of ${users} users ordered`,
    ...bars([
      ['once', figures.buyers_1_order, ''],
      ['twice', figures.buyers_2_orders, ''],
      ['more often', figures.buyers_3plus_orders, ''],
    ]),
    `  ${again} of ${buyers} came back: a repeat ratio of ${ratio.toFixed(6)}`,
    '',
    'What they look at',
    ...bars(products.map(([name, price, views]) => [name, views, `at ${price.toFixed(2)}`])),
    '',
    `  ${figures.orders} orders took ${figures.avg_hours_to_delivery.toFixed(6)} hours to delivery in the mean of those delivered.`,
    `  ${figures.active_users} of ${users} users are active, the others registered and never came.`,
    `  ${figures.sessions} sessions end with 30 minutes without an event of the user. They would be`,
    `  ${figures.sessions_of_all_types} if parcels sent by the warehouse counted as well; the shop itself counts ${figures.producer_sessions}.`,
  ];
  return `${lines.join('\n')}\n`;
}

function sparkline(counts: ByHour, first: number, hours: number): string {
  const blocks = '▁▂▃▄▅▆▇█';
  const byHour = new Map(counts);
  const most = Math.max(...byHour.values());
  return Array.from({ length: hours }, (_, at) => {
    const count = byHour.get(first + at * HOUR) ?? 0;
    return count === 0 ? ' ' : blocks[Math.ceil((count / most) * blocks.length) - 1];
  }).join('');
}

function bars(
  rows: readonly (readonly [label: string, count: number, remark: string])[],
): string[] {
  const most = Math.max(...rows.map(([, count]) => count));
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, count, remark]) => {
    const bar = '█'.repeat(Math.max(1, Math.round((count / most) * BAR_WIDTH)));
    return `  ${label.padEnd(width)}  ${bar.padEnd(BAR_WIDTH)} ${String(count).padStart(5)}  ${remark}`.trimEnd();
  });
}
