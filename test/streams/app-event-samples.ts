/** The stream app-events for tests: rules, events with every field given, and their bytes. */
import { readFileSync } from 'node:fs';
import { ValueDecoder } from '../../src/decode/value-decoder.ts';
import { Slots } from '../../src/decode/slots.ts';
import { appEvents } from '../../src/streams/app-events.ts';
import type { EventType, Rules } from '../../src/streams/rules.ts';
import { NOTHING_SENT, type SentEvent } from '../simulation/log.ts';
import { encode, fullSchema } from '../simulation/writer-schemas.ts';

const schemaText = readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8');
export const stream = appEvents(JSON.parse(schemaText) as object);

/** The registry's whole content: the stream's own schema, as id 1. */
export const schemas = {
  schema: (id: number): Promise<string | undefined> =>
    Promise.resolve(id === fullSchema.id ? schemaText : undefined),
};

export const SECOND = 1_000_000;
export const DAY = 86_400 * SECOND;
/** 2026-03-02, midnight in UTC. */
export const MONDAY = Date.UTC(2026, 2, 2) * 1000;

export function eventType(name: string, given: Partial<EventType> = {}): EventType {
  return {
    name,
    aliases: [],
    countsAsActive: true,
    serverSide: false,
    miles: 'none',
    ...given,
  };
}

export const eventTypes: readonly EventType[] = [
  eventType('page_view', { aliases: ['view_page', 'PageView'] }),
  eventType('like'),
  eventType('miles_earned', { miles: 'earned', aliases: ['earn'] }),
  eventType('miles_redeemed', { miles: 'redeemed' }),
  eventType('package_shipped', { serverSide: true }),
  eventType('refund_credited', { serverSide: true, miles: 'earned' }),
];

export function rulesWith(changes: Partial<Rules> = {}): Rules {
  return {
    epoch: 3,
    timezone: 'UTC',
    lookbackDays: 2,
    maxFutureSkewSeconds: 600,
    minEventTime: Date.UTC(1980, 0, 1) * 1000,
    sessionGapSeconds: 1800,
    eventTypes: { closed: false, types: eventTypes },
    stockCodes: [],
    platforms: {
      closed: false,
      platforms: [
        { name: 'ios', aliases: ['iphone', 'ipad'] },
        { name: 'android', aliases: [] },
        { name: 'web', aliases: ['browser'] },
      ],
    },
    ...changes,
  };
}

export function event(given: Partial<SentEvent> = {}): SentEvent {
  return {
    ...NOTHING_SENT,
    event_id: '0b6f3a52-5f0e-4f0a-9d3c-2f1f6f2f8a10',
    user_id: 'ann',
    event_type: 'page_view',
    event_time: MONDAY,
    ...given,
  };
}

/** The event as a producer sends it: magic byte, schema id 1, Avro. */
export function valueOf(sent: SentEvent): Buffer {
  return encode(sent, fullSchema);
}

const decoder = new ValueDecoder(stream.schema);
decoder.learn(fullSchema.id, schemaText);

/** The event's fields where its bytes lie. */
export function slotsOf(sent: SentEvent): Slots {
  const slots = new Slots(stream.schema.fields.length);
  const value = valueOf(sent);
  const reason = decoder.decode(value, 0, value.length, slots);
  if (reason !== null) throw new Error(`the sample does not decode: ${JSON.stringify(reason)}`);
  return slots;
}
