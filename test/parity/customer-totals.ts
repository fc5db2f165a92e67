/**
 * What is counted over all customers, days and articles, word by word as it is defined. In: order lines
 * and the rows of single customers. Out: the rows that each view must have.
 */
import type { Row } from './growth.ts';
import type { Shop } from './customers.ts';
import { byText, customerKpis, customerLines } from './customers.ts';
import type { PlainLine } from './order-line.ts';
import { amountOf, dateOf, kindOf, money } from './order-line.ts';
import { dateOfDay, dayOfDate, groupBy, sum } from './user-day.ts';

const KINDS = ['return', 'bad_debt', 'manual', 'non_product', 'free', 'incomplete', 'sale'];

const total = (lines: readonly PlainLine[]) => sum(lines.map(amountOf));
const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);
const percent = (part: number, whole: number) => (whole === 0 ? null : (100 * part) / whole);
const distinct = (values: Iterable<string>) => new Set(values).size;
const numbers = (rows: readonly Row[], column: string) =>
  rows.map((row) => row[column]).filter((value) => typeof value === 'number');
const sumOf = (rows: readonly Row[], column: string) => sum(numbers(rows, column));
/** Sums of money have four decimals. */
const moneyOf = (rows: readonly Row[], column: string) =>
  Math.round(sumOf(rows, column) * 10_000) / 10_000;
const meanOf = (rows: readonly Row[], column: string) =>
  ratio(sumOf(rows, column), numbers(rows, column).length);

export function reconciliation(shop: Shop): Row[] {
  const { lines, excluded } = shop;
  const sales = lines.filter((line) => kindOf(line) === 'sale');
  const isExcluded = ({ country }: PlainLine) => excluded.includes(country ?? '');
  const steps: [string, readonly PlainLine[]][] = [
    ['rows_in', lines],
    ...KINDS.map((kind): [string, PlainLine[]] => [
      kind,
      lines.filter((line) => kindOf(line) === kind),
    ]),
    ['excluded_country', sales.filter(isExcluded)],
    ['rows_out', sales.filter((line) => !isExcluded(line))],
  ];
  return steps.map(([step, those]) => ({
    step,
    lines: those.length,
    lines_of_days: those.length,
    agrees: true,
    amount: money(total(those)),
  }));
}

export function overallKpis(shop: Shop, asOf: string): Row[] {
  const all = customerKpis(shop, asOf);
  const orders = sumOf(all, 'frequency');
  const revenue = moneyOf(all, 'monetary');
  const churned = all.filter((row) => row['is_churned'] === true).length;
  const repeat = numbers(all, 'frequency').filter((frequency) => frequency > 1).length;
  return [
    {
      snapshot_date: asOf,
      customers: all.length,
      orders,
      lines: sumOf(all, 'lines'),
      units: sumOf(all, 'units'),
      revenue,
      returned_revenue: moneyOf(all, 'returned_revenue'),
      net_revenue: moneyOf(all, 'net_revenue'),
      aov_order: ratio(revenue, orders),
      aov_line: ratio(revenue, sumOf(all, 'lines')),
      avg_monetary: ratio(revenue, all.length),
      avg_frequency: ratio(orders, all.length),
      avg_recency_days: meanOf(all, 'recency_days'),
      avg_tenure_days: meanOf(all, 'tenure_days'),
      churned_customers: churned,
      churn_rate_pct: percent(churned, all.length),
      repeat_customers: repeat,
      repeat_ratio: ratio(repeat, all.length),
      cltv_historic: sumOf(all, 'cltv_historic'),
      avg_cltv_historic: meanOf(all, 'cltv_historic'),
      cltv_predicted: null,
      avg_cltv_predicted: null,
    },
  ];
}

export function repeatPurchases(shop: Shop, asOf: string): Row[] {
  const all = customerKpis(shop, asOf);
  const frequencies = numbers(all, 'frequency');
  const count = (test: (frequency: number) => boolean) => frequencies.filter(test).length;
  const repeat = all.filter((row) => Number(row['frequency']) > 1);
  const orders = sum(frequencies);
  const between = numbers(repeat, 'avg_days_between_orders').sort((a, b) => a - b);
  const middle = [between[Math.floor((between.length - 1) / 2)], between[between.length >> 1]];
  return [
    {
      snapshot_date: asOf,
      customers: all.length,
      customers_1_order: count((frequency) => frequency === 1),
      customers_2_orders: count((frequency) => frequency === 2),
      customers_3plus_orders: count((frequency) => frequency > 2),
      repeat_customers: repeat.length,
      repeat_ratio: ratio(repeat.length, all.length),
      orders,
      repeat_orders: orders - all.length,
      repeat_orders_pct: percent(orders - all.length, orders),
      repeat_customers_revenue: moneyOf(repeat, 'monetary'),
      repeat_customers_revenue_pct: percent(moneyOf(repeat, 'monetary'), moneyOf(all, 'monetary')),
      avg_days_between_orders: meanOf(repeat, 'avg_days_between_orders'),
      median_days_between_orders:
        between.length === 0 ? null : ((middle[0] ?? 0) + (middle[1] ?? 0)) / 2,
    },
  ];
}

/** What the three tables of groups have in common, for the groups that have customers. */
export function groups(shop: Shop, asOf: string, key: string): Row[] {
  const all = customerKpis(shop, asOf);
  const byGroup = [...groupBy(all, (row) => String(row[key]))];
  return byGroup
    .toSorted(([a], [b]) => byText(a, b))
    .map(([name, those]) => ({
      [key]: name,
      snapshot_date: asOf,
      customers: those.length,
      customers_pct: percent(those.length, all.length),
      orders: sumOf(those, 'frequency'),
      revenue: moneyOf(those, 'monetary'),
      revenue_pct: percent(moneyOf(those, 'monetary'), moneyOf(all, 'monetary')),
      avg_recency_days: meanOf(those, 'recency_days'),
      avg_frequency: meanOf(those, 'frequency'),
      avg_monetary: meanOf(those, 'monetary'),
    }));
}

export function engagement(shop: Shop): Row[] {
  const sales = customerLines(shop).filter((line) => kindOf(line) === 'sale');
  const days = sales.map((line) => dayOfDate(dateOf(line)));
  const rows: Row[] = [];
  for (let day = Math.min(...days); day <= dayOfDate(shop.lastDay); day++) {
    const within = (length: number) =>
      sales.filter((line) => {
        const at = dayOfDate(dateOf(line));
        return at <= day && at > day - length;
      });
    const today = within(1);
    const dau = distinct(today.map(({ customer }) => customer));
    const mau = distinct(within(30).map(({ customer }) => customer));
    rows.push({
      event_date: dateOfDay(day),
      dau,
      mau,
      stickiness: mau === 0 ? null : Math.round((10_000 * dau) / mau) / 10_000,
      orders: distinct(today.map(({ customer, invoice }) => `${customer} ${invoice}`)),
      revenue: money(total(today)),
    });
  }
  return rows;
}

export function priceFlags({ lines }: Shop): Row[] {
  const priced = lines.filter((line) => !['return', 'bad_debt'].includes(kindOf(line)));
  const bySku = [...groupBy(priced, ({ code }) => code)].toSorted(([a], [b]) => byText(a, b));
  return bySku.map(([code, those]) => {
    const prices = [...groupBy(those, ({ price }) => price).values()].map((same) => {
      const times = same.map(({ time }) => time).toSorted(byText);
      return { price: same[0]!.price, from: times[0]!, to: times.at(-1)! };
    });
    const [one, other] = prices;
    const overlap =
      one !== undefined && other !== undefined && one.from <= other.to && other.from <= one.to;
    const unpriced = those.some((line) => ['free', 'manual', 'non_product'].includes(kindOf(line)));
    return {
      stock_code: code,
      price_flag: unpriced
        ? 'zero_or_manual'
        : prices.length === 1
          ? 'normal'
          : prices.length > 2
            ? 'complex'
            : overlap
              ? 'oscillating_or_promotional'
              : 'one_off_price_change',
      prices: prices.length,
      min_price: money(Math.min(...prices.map(({ price }) => price))),
      max_price: money(Math.max(...prices.map(({ price }) => price))),
      lines: those.length,
      units: sum(those.map(({ quantity }) => quantity)),
    };
  });
}
