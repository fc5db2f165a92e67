/** In: a text field. Out: a number for its text, the same within a day. */
import { hashBytes } from '../decode/byte-map.ts';
import type { ByteMap } from '../decode/byte-map.ts';
import type { Slots } from '../decode/slots.ts';

/** The number of the field's text among the texts of its day; -1 when it is null. */
export function symbolOf(symbols: ByteMap<null>, slots: Slots, field: number): number {
  const start = slots.start[field]!;
  if (start === -1) return -1;
  const bytes = slots.bytes[field]!;
  const end = slots.end[field]!;
  const hash = hashBytes(bytes, start, end);
  const known = symbols.find(bytes, start, end, hash);
  return known === -1 ? symbols.add(bytes, start, end, hash, null) : known;
}
