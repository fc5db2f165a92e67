/**
 * In: the value of a record in Confluent's wire format. Out: what it says, or why it says nothing. Reads
 * with avsc, not with the product's decoder, so that it can judge it.
 */
import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import type { SentEvent, Truth } from '../simulation/log.ts';

const SCHEMA = JSON.parse(
  readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8'),
) as avsc.Schema;
const TYPE = avsc.Type.forSchema(SCHEMA);
/** Of this schema in the registry; there is no other in these logs. */
export const SCHEMA_ID = 1;
const PREFIX_BYTES = 5;

export function truthOf(value: Buffer | null): Truth {
  if (value === null || value.length === 0) return broken('empty_value');
  if (value.length < PREFIX_BYTES || value[0] !== 0) return broken('not_confluent_avro');
  if (value.readInt32BE(1) !== SCHEMA_ID) return broken('unknown_schema_id');
  const body = value.subarray(PREFIX_BYTES);
  let decoded: { value: SentEvent | undefined; offset: number };
  try {
    decoded = TYPE.decode(body);
  } catch (error) {
    if (error instanceof Error && /precision/.test(error.message)) {
      return broken('number_out_of_range');
    }
    throw error;
  }
  if (decoded.value === undefined || decoded.offset < 0) return broken('truncated');
  if (decoded.offset < body.length) return broken('trailing_bytes');
  // A text that was no UTF-8 has another one in its place.
  if (!TYPE.toBuffer(decoded.value).equals(body)) return broken('invalid_utf8');
  return { kind: 'event', event: { ...decoded.value } };
}

function broken(reason: string): Truth {
  return { kind: 'broken', reason };
}
