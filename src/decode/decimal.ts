/** In: a decimal(18,4) as Avro writes it, a big-endian integer of ten-thousandths. Out: that integer. */
import type { Slots } from './slots.ts';

/** The unscaled value: 2.55 is 25500n. */
export function unscaledDecimal(slots: Slots, field: number): bigint {
  const hex = slots.bytes[field]!.toString('hex', slots.start[field], slots.end[field]);
  return hex === '' ? 0n : BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`));
}

/** The unscaled value as a number: exact up to 2^53 in magnitude, else rounded. */
export function unscaledNumber(slots: Slots, field: number): number {
  const start = slots.start[field]!;
  const length = slots.end[field]! - start;
  if (length === 0) return 0;
  return length <= 6
    ? slots.bytes[field]!.readIntBE(start, length)
    : Number(unscaledDecimal(slots, field));
}

/** With its four decimals: `2.5500`. */
export function decimalText(slots: Slots, field: number): string {
  const unscaled = unscaledDecimal(slots, field);
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(5, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
