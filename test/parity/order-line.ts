/**
 * Order lines as the plainest model has them, and what is stored of them. In: lines, or a file of them.
 * Out: their kinds, and rows of order_lines_rows and customer_day_rows, made without any of the
 * product's code.
 */
import type { Row } from './growth.ts';
import { groupBy, sum } from './user-day.ts';

export interface PlainLine {
  readonly id: string;
  readonly source: string;
  /** Empty when unknown. */
  readonly customer: string;
  readonly invoice: string;
  readonly code: string;
  readonly description: string | null;
  readonly quantity: number;
  /** In ten-thousandths of the currency, so that sums are exact. */
  readonly price: number;
  /** `2011-12-09 12:50:00` */
  readonly time: string;
  readonly country: string | null;
}

export type LineKind =
  'return' | 'bad_debt' | 'manual' | 'non_product' | 'free' | 'incomplete' | 'sale';

const NON_PRODUCTS = 'POST,DOT,D,S,B,CRUK,PADS,BANK CHARGES,AMAZONFEE'.split(',');

export function kindOf(line: PlainLine): LineKind {
  const code = line.code.toUpperCase();
  if (line.quantity < 0 || line.invoice.startsWith('C')) return 'return';
  if (line.description === 'Adjust bad debt') return 'bad_debt';
  if (code === 'M' || code === 'C2') return 'manual';
  if (NON_PRODUCTS.includes(code)) return 'non_product';
  if (line.price === 0) return 'free';
  if (line.customer === '' || line.description === null) return 'incomplete';
  return 'sale';
}

export const dateOf = ({ time }: Pick<PlainLine, 'time'>) => time.slice(0, 10);
export const amountOf = ({ quantity, price }: PlainLine) => quantity * price;
/** Of ten-thousandths. */
export const money = (amount: number) => amount / 10_000;

/** As text, for a column that takes a decimal. */
const decimal = (amount: number) =>
  `${amount < 0 ? '-' : ''}${Math.floor(Math.abs(amount) / 10_000)}.${String(Math.abs(amount) % 10_000).padStart(4, '0')}`;

export function orderLineRows(lines: readonly PlainLine[]): readonly Row[] {
  return lines.map((line, offset) => ({
    event_date: dateOf(line),
    bucket: line.customer.length,
    customer_id: line.customer,
    line_id: line.id,
    invoice_no: line.invoice,
    stock_code: line.code,
    description: line.description,
    quantity: line.quantity,
    unit_price: decimal(line.price),
    invoiced_at: line.time,
    country: line.country,
    line_kind: kindOf(line),
    source: line.source,
    offset,
    rules_epoch: 1,
  }));
}

/** One row per customer, day and source. */
export function customerDayRows(lines: readonly PlainLine[]): readonly Row[] {
  const days = groupBy(lines, (line) => `${line.customer} ${line.source} ${dateOf(line)}`);
  return [...days.values()].map((day) => {
    const [first] = day as [PlainLine];
    const parts = groupBy(day, (line) => [line.invoice, line.country ?? '', kindOf(line)].join());
    return {
      event_date: dateOf(first),
      bucket: first.customer.length,
      customer_id: first.customer,
      source: first.source,
      lines: day.length,
      parts: [...parts.values()].map((part) => ({
        invoice_no: part[0]!.invoice,
        country: part[0]!.country ?? '',
        line_kind: kindOf(part[0]!),
        lines: part.length,
        units: sum(part.map(({ quantity }) => quantity)),
        amount: decimal(sum(part.map(amountOf))),
      })),
      version: 2 ** 32 + day.length,
    };
  });
}

/** Of a file of Online Retail; the ids are those of examples/online-retail.json. */
export function onlineRetailLines(text: string, source: string): readonly PlainLine[] {
  const [, ...rows] = text.trimEnd().split('\n');
  return rows.map((row, at) => {
    const cells = [...row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
    );
    const [invoice = '', code = '', description, quantity, time = '', price, customer, country] =
      cells;
    return {
      id: `${invoice}-${code}-${at + 1}`,
      source,
      customer: (customer ?? '').replace(/\.0$/, ''),
      invoice,
      code,
      description: description === '' ? null : (description ?? null),
      quantity: Number(quantity),
      price: Math.round(Number(price) * 10_000),
      time,
      country: country === '' ? null : (country ?? null),
    };
  });
}
