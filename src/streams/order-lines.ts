import { unscaledNumber } from '../decode/decimal.ts';
import { recordSchema, storedSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
import type { FactWriter } from '../fold/unit.ts';
import { END_OF_DATES } from './calendar.ts';
import { CustomerDayRows, LINE_FACT, LINE_FACTS } from './customer-day-row.ts';
import { brokenId } from './identity.ts';
import type { Reason } from './reasons.ts';
import type { Rules } from './rules.ts';
import type { Interpreter, Stream } from './stream.ts';
import { symbolOf } from './symbol.ts';

/** What a line is, in the order in which the rules are asked; the first that fits decides. */
export type LineKind =
  'return' | 'bad_debt' | 'manual' | 'non_product' | 'free' | 'incomplete' | 'sale';

/**
 * The stream `order-lines`. `avsc` is the parsed `schemas/order-line.avsc`. Lines of unknown customers
 * are kept under the empty customer.
 */
export function orderLines(avsc: object): Stream {
  const schema = recordSchema(avsc);
  const stored = storedSchema(schema, { given: ['customer_id'], derived: ['line_kind'] });
  return {
    name: 'order-lines',
    schema,
    stored,
    tables: {
      accepted: 'order_lines_rows',
      aggregates: 'customer_day_rows',
      late: 'late_order_lines_rows',
      rejected: 'rejected_events_rows',
    },
    entity: 'customer_id',
    id: 'line_id',
    time: 'invoiced_at',
    person: 'customer_id',
    foldFields: [
      'customer_id',
      'line_id',
      'invoiced_at',
      'invoice_no',
      'country',
      'line_kind',
      'quantity',
      'unit_price',
    ],
    interpreter: (rules) => new OrderLineInterpreter(stored.index, rules),
  };
}

const NOBODY = Buffer.alloc(0);
const KIND_BYTES = Object.fromEntries(
  (['return', 'bad_debt', 'manual', 'non_product', 'free', 'incomplete', 'sale'] as const).map(
    (kind) => [kind, Buffer.from(kind)],
  ),
) as Readonly<Record<LineKind, Buffer>>;
const CANCELS = 'C'.charCodeAt(0);

class OrderLineInterpreter implements Interpreter {
  readonly stride = LINE_FACTS;
  readonly #lineId: number;
  readonly #invoice: number;
  readonly #customer: number;
  readonly #stockCode: number;
  readonly #description: number;
  readonly #quantity: number;
  readonly #price: number;
  readonly #time: number;
  readonly #country: number;
  readonly #kind: number;
  readonly #minTime: number;
  readonly #codes: ReadonlyMap<string, LineKind>;

  constructor(index: (field: string) => number, rules: Rules) {
    this.#lineId = index('line_id');
    this.#invoice = index('invoice_no');
    this.#customer = index('customer_id');
    this.#stockCode = index('stock_code');
    this.#description = index('description');
    this.#quantity = index('quantity');
    this.#price = index('unit_price');
    this.#time = index('invoiced_at');
    this.#country = index('country');
    this.#kind = index('line_kind');
    this.#minTime = rules.minEventTime;
    this.#codes = new Map(rules.stockCodes.map(({ code, lineKind }) => [code, lineKind]));
  }

  check(slots: Slots): Reason | null {
    const badId =
      brokenId(slots, this.#lineId, 'line_id') ??
      brokenId(slots, this.#invoice, 'invoice_no') ??
      brokenId(slots, this.#stockCode, 'stock_code');
    if (badId !== null) return badId;
    if (slots.isNull(this.#customer)) slots.replace(this.#customer, NOBODY);
    else if (brokenId(slots, this.#customer, 'customer_id') === 'customer_id_too_long')
      return 'customer_id_too_long';
    const time = slots.number[this.#time]!;
    if (time < this.#minTime || time >= END_OF_DATES) return 'time_out_of_range';
    if (slots.number[this.#quantity] === 0) return 'quantity_zero';
    const price = unscaledNumber(slots, this.#price);
    if (Math.abs(price) > Number.MAX_SAFE_INTEGER) return 'number_out_of_range';
    const kind = this.#kindOf(slots, price);
    if (price < 0 && kind !== 'bad_debt') return 'unit_price_negative';
    slots.replace(this.#kind, KIND_BYTES[kind]);
    return null;
  }

  checkRemoval(): Reason {
    return 'empty_value';
  }

  #kindOf(slots: Slots, price: number): LineKind {
    const { bytes, start, end } = slots;
    const cancelled = bytes[this.#invoice]![start[this.#invoice]!] === CANCELS;
    if (cancelled || slots.number[this.#quantity]! < 0) return 'return';
    const description = slots.isNull(this.#description) ? '' : slots.text(this.#description).trim();
    if (description === 'Adjust bad debt') return 'bad_debt';
    const coded = this.#codes.get(slots.text(this.#stockCode).toUpperCase());
    if (coded !== undefined) return coded;
    if (price === 0) return 'free';
    const nobody = start[this.#customer] === end[this.#customer];
    return nobody || description === '' ? 'incomplete' : 'sale';
  }

  /** The kind of a stored line is the one that it was stored with. */
  reduce(slots: Slots, { facts, symbols }: FactWriter, at: number): void {
    facts[at + LINE_FACT.time] = slots.number[this.#time]!;
    facts[at + LINE_FACT.invoice] = symbolOf(symbols, slots, this.#invoice);
    facts[at + LINE_FACT.country] = symbolOf(symbols, slots, this.#country);
    facts[at + LINE_FACT.kind] = symbolOf(symbols, slots, this.#kind);
    facts[at + LINE_FACT.quantity] = slots.number[this.#quantity]!;
    facts[at + LINE_FACT.price] = unscaledNumber(slots, this.#price);
  }

  rows(): CustomerDayRows {
    return new CustomerDayRows();
  }

  takeListings(): null {
    return null;
  }
}
