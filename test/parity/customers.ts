/**
 * The customer marts word by word as they are defined. In: order lines, what the reference tables and
 * settings say. Out: the rows that each view must have. Slow is fine.
 */
import type { Row } from './growth.ts';
import type { PlainLine } from './order-line.ts';
import { amountOf, dateOf, kindOf, money } from './order-line.ts';
import { dayOfDate, groupBy, sum } from './user-day.ts';

export interface Shop {
  readonly lines: readonly PlainLine[];
  /** Name as written to its one spelling. */
  readonly spellings: Readonly<Record<string, string>>;
  readonly excluded: readonly string[];
  readonly grossMargin: number;
  readonly churnDays: number;
  readonly rfmMode: 'ntile' | 'quantile';
  /** Day of the latest watermark. */
  readonly lastDay: string;
}

export const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const distinct = <T>(values: Iterable<T>) => [...new Set(values)];
const total = (lines: readonly PlainLine[]) => sum(lines.map(amountOf));
const isSale = (line: PlainLine) => kindOf(line) === 'sale';
const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);

/** Sales and returns of known customers, without the countries that are none. */
export function customerLines({ lines, excluded }: Shop): readonly PlainLine[] {
  return lines.filter(
    (line) =>
      line.customer !== '' &&
      ['sale', 'return'].includes(kindOf(line)) &&
      !excluded.includes(line.country ?? ''),
  );
}

/** What was returned: the amount of each invoice without its sign. */
function returned(lines: readonly PlainLine[]): number {
  const invoices = groupBy(
    lines.filter((line) => !isSale(line)),
    (line) => `${dateOf(line)} ${line.invoice} ${line.country}`,
  );
  return sum([...invoices.values()].map((invoice) => Math.abs(total(invoice))));
}

function countryOf(shop: Shop, lines: readonly PlainLine[]): string | null {
  const spelled = lines.map(({ country }) => shop.spellings[country ?? ''] ?? country ?? '');
  const [most] = [...groupBy(spelled, (name) => name)].sort(
    ([a, those], [b, others]) => others.length - those.length || byText(a, b),
  );
  return most === undefined || most[0] === '' ? null : most[0];
}

export function customerDays(shop: Shop): Row[] {
  const days = groupBy(customerLines(shop), (line) => `${dateOf(line)} ${line.customer}`);
  return [...days]
    .toSorted(([a], [b]) => byText(a, b))
    .map(([key, lines]) => {
      const sales = lines.filter(isSale);
      const invoices = distinct(sales.map(({ invoice }) => invoice)).toSorted(byText);
      return {
        event_date: key.slice(0, 10),
        customer_id: key.slice(11),
        country: countryOf(shop, lines),
        orders: invoices.length,
        invoices,
        lines: sales.length,
        units: sum(sales.map(({ quantity }) => quantity)),
        revenue: money(total(sales)),
        returned_lines: lines.length - sales.length,
        returned_revenue: money(returned(lines)),
        net_revenue: money(total(sales) - returned(lines)),
      };
    });
}

/** Of values in order: the value below which a part of them lies, interpolated. */
function percentile(sorted: readonly number[], hundredth: number): number {
  const at = ((sorted.length - 1) * hundredth) / 100;
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}

/** Bucket 1 to 5 of each of the items, which are in order: the first ones are one larger. */
function ntile(count: number, at: number): number {
  let end = 0;
  for (let bucket = 1; bucket < 5; bucket++) {
    end += Math.floor(count / 5) + (bucket <= count % 5 ? 1 : 0);
    if (at < end) return bucket;
  }
  return 5;
}

interface Customer {
  readonly id: string;
  readonly recency: number;
  readonly frequency: number;
  readonly monetary: number;
}

type Measure = 'recency' | 'frequency' | 'monetary';

/** Score of a customer among all: 5 = the most recent, the most. */
function score(shop: Shop, all: readonly Customer[], one: Customer, by: Measure): number {
  const better = by === 'recency' ? -1 : 1;
  if (shop.rfmMode === 'ntile') {
    const order = all.toSorted((a, b) => better * (a[by] - b[by]) || byText(a.id, b.id));
    return ntile(all.length, order.indexOf(one));
  }
  const sorted = all.map((each) => each[by]).sort((a, b) => a - b);
  const passed = [20, 40, 60, 80].filter((part) => one[by] > percentile(sorted, part)).length;
  return by === 'recency' ? 5 - passed : 1 + passed;
}

export function segmentOf(r: number, f: number, m: number): string {
  if (r === 3) return f >= 4 ? 'Loyal Customers' : f === 3 ? 'Need Attention' : 'About to Sleep';
  if (r >= 4) {
    if (f >= 4) return m >= 4 ? 'Champions' : 'Loyal Customers';
    if (f >= 2) return 'Potential Loyalists';
    return r === 5 ? 'New Customers' : 'Promising';
  }
  if (f >= 4) return m >= 4 ? 'Cannot Lose Them' : 'At Risk';
  if (f === 3) return 'At Risk';
  return m >= 3 ? 'At Risk' : 'Hibernating';
}

export function customerKpis(shop: Shop, asOf: string): Row[] {
  const before = customerLines(shop).filter((line) => dateOf(line) < asOf);
  const buyers = [...groupBy(before, ({ customer }) => customer)]
    .filter(([, lines]) => lines.some(isSale))
    .toSorted(([a], [b]) => byText(a, b));
  const today = dayOfDate(asOf);
  const customers = buyers.map(([id, lines]) => {
    const sales = lines.filter(isSale);
    const dates = distinct(sales.map(dateOf)).toSorted(byText);
    const invoices = distinct(sales.map(({ invoice }) => invoice));
    const [first = '', last = ''] = [dates[0], dates.at(-1)];
    return {
      id,
      lines,
      sales,
      first,
      last,
      dates,
      recency: today - dayOfDate(last),
      tenure: today - dayOfDate(first),
      frequency: invoices.length,
      monetary: total(sales),
      value: money(total(sales)) * shop.grossMargin,
    };
  });
  const values = customers.map(({ value }) => value).sort((a, b) => a - b);
  return customers.map((one) => {
    const { recency, tenure, frequency, monetary, value, sales } = one;
    const r = score(shop, customers, one, 'recency');
    const f = score(shop, customers, one, 'frequency');
    const m = score(shop, customers, one, 'monetary');
    const isChurned = recency > shop.churnDays;
    const perLine = money(monetary) / sales.length;
    return {
      customer_id: one.id,
      snapshot_date: asOf,
      country: countryOf(
        shop,
        one.lines.filter((line) => dateOf(line) === one.last),
      ),
      first_order_date: one.first,
      last_order_date: one.last,
      recency_days: recency,
      tenure_days: tenure,
      frequency,
      purchase_days: one.dates.length,
      lines: sales.length,
      units: sum(sales.map(({ quantity }) => quantity)),
      monetary: money(monetary),
      returned_revenue: money(returned(one.lines)),
      net_revenue: money(monetary - returned(one.lines)),
      aov_order: money(monetary) / frequency,
      aov_line: perLine,
      avg_days_between_orders: ratio(tenure - recency, frequency - 1),
      r_score: r,
      f_score: f,
      m_score: m,
      rfm_score: `${r}${f}${m}`,
      rfm_segmentation: segmentOf(r, f, m),
      is_churned: isChurned,
      churn_risk_group: isChurned
        ? 'Churned'
        : recency <= 30
          ? 'Low'
          : recency <= 60
            ? 'Medium'
            : 'High',
      cltv_historic: value,
      cltv_seed: perLine * frequency * tenure * shop.grossMargin,
      cltv_predicted: null,
      cltv_profit_segmentation:
        value <= percentile(values, 33)
          ? 'Low'
          : value <= percentile(values, 66)
            ? 'Medium'
            : 'High',
    };
  });
}
