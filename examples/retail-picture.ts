/** In: what the customer marts say of a shop. Out: a page of text for a terminal. */

export interface RetailFigures {
  /** Step, lines, amount, whether both ways of counting agree. */
  readonly steps: readonly (readonly [string, number, number, boolean])[];
  /** Segment, customers, revenue in percent of all, mean days since the last order. */
  readonly segments: readonly (readonly [string, number, number, number])[];
  /** Group of churn risk, customers. */
  readonly risks: readonly (readonly [string, number])[];
  /** First day of the month, revenue, highest number of customers of 30 days. */
  readonly months: readonly (readonly [string, number, number])[];
  /** Flag, articles. */
  readonly prices: readonly (readonly [string, number])[];
  readonly snapshot_date: string;
  readonly customers: number;
  readonly orders: number;
  readonly revenue: number;
  readonly returned_revenue: number;
  readonly aov_order: number;
  readonly churned_customers: number;
  readonly churn_rate_pct: number;
  readonly repeat_ratio: number;
  readonly cltv_historic: number;
}

const WIDTH = 32;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const count = new Intl.NumberFormat('en');
const whole = (amount: number) =>
  `${amount < 0 ? '-' : ''}£${count.format(Math.abs(Math.round(amount)))}`;

export function retailPicture(figures: RetailFigures): string {
  const { steps, segments, risks, months, prices } = figures;
  return [
    title('Where the lines went'),
    ...steps.map(([step, lines, amount, agrees]) => {
      const cells = [step.padEnd(18), count.format(lines).padStart(9), whole(amount).padStart(13)];
      return `  ${cells.join(' ')}${agrees ? '' : '   NOT what is stored per customer and day'}`;
    }),
    title(`Customers as of ${figures.snapshot_date}`),
    `  ${count.format(figures.customers)} customers, ${count.format(figures.orders)} orders, ${whole(figures.revenue)} (${whole(figures.aov_order)} an order), ${whole(figures.returned_revenue)} returned`,
    `  ${percent(100 * figures.repeat_ratio)} ordered again; ${count.format(figures.churned_customers)} (${percent(figures.churn_rate_pct)}) are churned; ${whole(figures.cltv_historic)} of gross margin so far`,
    title('Segments: customers █ and their part of the revenue ░'),
    ...segments.flatMap(([name, customers, part, recency]) => [
      `  ${name.padEnd(20)} ${bar(customers / most(segments)).padEnd(WIDTH)} ${count.format(customers).padStart(5)}   last order ${recency.toFixed(0)} days ago`,
      `  ${''.padEnd(20)} ${'░'.repeat(Math.round((part / 100) * WIDTH)).padEnd(WIDTH)} ${percent(part).padStart(6)}`,
    ]),
    title('Risk of churn'),
    ...risks.map(([name, customers]) => line(name, customers, most(risks))),
    title('Revenue by month, and customers of 30 days at most'),
    ...months.map(
      ([month, revenue, customers]) =>
        `  ${month.slice(0, 7).padEnd(20)} ${bar(revenue / most(months)).padEnd(WIDTH)} ${whole(revenue).padStart(11)} ${count.format(customers).padStart(6)}`,
    ),
    title('Prices of articles'),
    ...prices.map(([flag, articles]) => line(flag, articles, most(prices))),
    '',
  ].join('\n');
}

function title(text: string): string {
  return `\n${text}`;
}

function line(name: string, value: number, highest: number): string {
  return `  ${name.padEnd(27)} ${bar(value / highest).padEnd(WIDTH)} ${count.format(value).padStart(5)}`;
}

function most(rows: readonly (readonly [string, number, ...unknown[]])[]): number {
  return Math.max(1, ...rows.map(([, value]) => value));
}

function percent(value: number): string {
  return `${value.toFixed(1)} %`;
}

/** As many characters as the part from 0 to 1 is of the width, the last one in eighths. */
function bar(part: number): string {
  const eighths = Math.round(Math.max(0, part) * WIDTH * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
