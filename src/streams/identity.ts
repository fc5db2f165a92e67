/** In: a field that names somebody or something. Out: whether it can. */
import type { Slots } from '../decode/slots.ts';
import type { Reason } from './reasons.ts';

const MAX_ID_BYTES = 128;

/** The fields that are ids: each has a reason for being empty and one for being too long. */
export type IdField = NamedBy<Reason>;
type NamedBy<R extends Reason> = R extends `${infer Name}_too_long` ? Name : never;

/** A null id is an empty one. */
export function brokenId(slots: Slots, field: number, name: IdField): Reason | null {
  const start = slots.start[field]!;
  const bytes = slots.end[field]! - start;
  if (start === -1 || bytes === 0) return `${name}_empty`;
  return bytes > MAX_ID_BYTES ? `${name}_too_long` : null;
}
