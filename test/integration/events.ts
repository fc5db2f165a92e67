/** In: the fields of an event. Out: the record that a producer of it sends; and a backlog of many, from a seed. */
import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import type { Message } from 'kafkajs';

const SCHEMA = JSON.parse(
  readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8'),
) as avsc.Schema;
const TYPE = avsc.Type.forSchema(SCHEMA);
const SCHEMA_ID = 1;

export interface AppEvent {
  readonly event_id: string;
  readonly user_id: string;
  readonly event_type: string;
  /** Microseconds since 1970. */
  readonly event_time: number;
  readonly [optional: string]: unknown;
}

/** Microseconds since 1970. */
export function at(time: string): number {
  return Date.parse(time) * 1000;
}

/** The value in the Confluent wire format. */
export function encoded(event: AppEvent): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(SCHEMA_ID, 1);
  return Buffer.concat([header, TYPE.toBuffer({ properties: {}, ...NOTHING, ...event })]);
}

export function message(event: AppEvent): Message {
  return { key: event.user_id, value: encoded(event) };
}

const NOTHING = Object.fromEntries(
  (SCHEMA as { fields: { name: string; default?: unknown }[] }).fields
    .filter((field) => field.default === null)
    .map((field) => [field.name, null]),
);

/**
 * Events of 300 users over six days, in order but for some; one in 20 twice, one in 50 long late, one
 * in 100 invalid.
 */
export function backlog(count: number, random: () => number): AppEvent[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const start = at('2026-03-01T00:00:00Z');
  const step = (6 * 86_400 * 1e6) / count;
  const events: AppEvent[] = [];
  for (let i = 0; i < count; i++) {
    const previous = events[i - 1 - below(200)];
    if (previous !== undefined && below(20) === 0) {
      events.push(previous);
      continue;
    }
    const daysLate = below(50) === 0 ? 4 : below(30) === 0 ? 1 : 0;
    const miles = below(5) === 0;
    events.push({
      event_id: `event-${i}`,
      user_id: `user-${below(300)}`,
      event_type: miles ? 'miles_earned' : (['page_view', 'like', 'share'][below(3)] ?? ''),
      event_time: Math.round(start + i * step - daysLate * 86_400 * 1e6 - below(3_600 * 1e6)),
      miles_amount: miles ? below(100) * (below(20) === 0 ? -1 : 1) : null,
      platform: [null, 'ios', 'Android '][below(3)],
    });
  }
  return events;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
