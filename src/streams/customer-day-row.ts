import type { EntityDay } from '../fold/unit.ts';
import { nativeColumn, type NativeColumn } from '../warehouse/native-block.ts';
import type { AggregateRows } from './stream.ts';

/**
 * The facts of an order line, in this order. A text is the number of its symbol, -1 when there is none;
 * the price is in ten-thousandths.
 */
export const LINE_FACT = {
  time: 0,
  invoice: 1,
  country: 2,
  kind: 3,
  quantity: 4,
  price: 5,
} as const;
export const LINE_FACTS = 6;

/** Lines of one invoice, country and kind. */
interface Part {
  readonly invoice: string;
  readonly country: string;
  readonly kind: string;
  lines: number;
  units: number;
  /** Ten-thousandths. */
  amount: bigint;
}

/** The columns of `customer_day_rows` that depend on the lines; a row for each customer-day written. */
export class CustomerDayRows implements AggregateRows {
  readonly #lines = nativeColumn('lines', 'UInt32');
  readonly #parts = nativeColumn(
    'parts',
    'Array(Tuple(invoice_no String, country String, line_kind String, lines UInt32, units Int64, amount Decimal(38, 4)))',
    7,
  );
  readonly columns: readonly NativeColumn[] = [this.#lines, this.#parts];

  write(day: EntityDay): void {
    this.#lines.sinks[0]!.uint32(day.count);
    const [offsets, invoices, countries, kinds, lines, units, amounts] = this.#parts.sinks;
    let written = offsets!.lastLow();
    for (const part of partsOf(day)) {
      invoices!.byteString(part.invoice);
      countries!.byteString(part.country);
      kinds!.byteString(part.kind);
      lines!.uint32(part.lines);
      units!.int64(part.units);
      // 128 bits, the low half first.
      amounts!.integer(part.amount);
      amounts!.integer(part.amount >> 64n);
      written++;
    }
    offsets!.int64(written);
  }
}

function partsOf({ facts, stride, symbols, events, count }: EntityDay): readonly Part[] {
  const parts = new Map<string, Part>();
  for (let at = 0; at < count; at++) {
    const row = events[at]! * stride;
    const invoice = facts[row + LINE_FACT.invoice]!;
    const country = facts[row + LINE_FACT.country]!;
    const kind = facts[row + LINE_FACT.kind]!;
    const key = `${invoice}/${country}/${kind}`;
    let part = parts.get(key);
    if (part === undefined) {
      part = {
        invoice: symbols[invoice]!,
        country: country === -1 ? '' : symbols[country]!,
        kind: symbols[kind]!,
        lines: 0,
        units: 0,
        amount: 0n,
      };
      parts.set(key, part);
    }
    const quantity = facts[row + LINE_FACT.quantity]!;
    part.lines++;
    part.units += quantity;
    part.amount += BigInt(quantity) * BigInt(facts[row + LINE_FACT.price]!);
  }
  return [...parts.values()].sort(
    (a, b) => order(a.invoice, b.invoice) || order(a.country, b.country) || order(a.kind, b.kind),
  );
}

/** Byte strings, by their bytes. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
