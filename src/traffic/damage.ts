/**
 * In: a sound event, or its bytes. Out: the same as a faulty producer would send it, and the reason for
 * which the processor has to refuse it.
 */
import type { Reason } from '../streams/reasons.ts';
import type { AppEvent } from './app-event.ts';

export interface Damage {
  readonly reason: Reason;
  /** Done to the fields: rows of files can have it too. */
  readonly fields?: (event: AppEvent) => AppEvent;
  /** Done to a record's value, prefix included: only Kafka can carry it. */
  readonly value?: (value: Buffer) => Buffer | null;
}

/** Why a record of traffic can be refused, each as often as the others. */
export const DAMAGES: readonly Damage[] = [
  { reason: 'empty_value', value: () => null },
  { reason: 'not_confluent_avro', value: () => Buffer.from('{"event_type":"page_view"}') },
  { reason: 'unknown_schema_id', value: (value) => withSchemaId(value, 0x7fff_ffff) },
  { reason: 'truncated', value: (value) => value.subarray(0, value.length - 1) },
  { reason: 'trailing_bytes', value: (value) => Buffer.concat([value, Buffer.alloc(3)]) },
  { reason: 'invalid_utf8', value: withBrokenText },
  {
    reason: 'number_out_of_range',
    fields: (event) => ({ ...event, event_type: 'miles_earned', miles_amount: 2 ** 60 }),
  },
  { reason: 'event_id_empty', fields: (event) => ({ ...event, event_id: '' }) },
  {
    reason: 'event_id_too_long',
    fields: (event) => ({ ...event, event_id: long(event.event_id) }),
  },
  { reason: 'user_id_empty', fields: (event) => ({ ...event, user_id: '' }) },
  { reason: 'user_id_too_long', fields: (event) => ({ ...event, user_id: long(event.user_id) }) },
  { reason: 'event_type_malformed', fields: (event) => ({ ...event, event_type: 'Page View' }) },
  { reason: 'time_out_of_range', fields: (event) => ({ ...event, event_time: 0 }) },
  {
    reason: 'miles_missing',
    fields: (event) => ({ ...event, event_type: 'miles_earned', miles_amount: null }),
  },
  {
    reason: 'miles_negative',
    fields: (event) => ({ ...event, event_type: 'miles_redeemed', miles_amount: -250 }),
  },
  {
    reason: 'miles_unexpected',
    fields: (event) => ({ ...event, event_type: 'page_view', miles_amount: 10 }),
  },
  {
    reason: 'page_url_malformed',
    fields: (event) => ({ ...event, page_url: 'shop.example.com/search?q=two words' }),
  },
];

function withSchemaId(value: Buffer, id: number): Buffer {
  const changed = Buffer.from(value);
  changed.writeUInt32BE(id, 1);
  return changed;
}

/** The first byte of the first text, which is after the prefix and a length, is none of UTF-8. */
function withBrokenText(value: Buffer): Buffer {
  const changed = Buffer.from(value);
  changed[6] = 0xff;
  return changed;
}

function long(id: string): string {
  return id.padEnd(129, '-');
}
