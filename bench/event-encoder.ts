/** In: who did what, when. Out: an Avro event of about 200 bytes in the Confluent wire format, the rest drawn at random. */
import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import type { Random } from './random.ts';

export const SCHEMA_FILE = new URL('../schemas/app-event.avsc', import.meta.url);
/** By which the stub of a registry, and any other one that is asked, knows the schema. */
const SCHEMA_ID = 1;
const WIRE_HEADER_BYTES = 5;

export const EVENT_TYPES = [
  'page_view',
  'like',
  'share',
  'reward_search',
  'add_to_cart',
  'checkout',
  'package_shipped',
  'feature_used',
  'miles_earned',
  'miles_redeemed',
] as const;

export interface EventCore {
  readonly userId: string;
  readonly type: (typeof EVENT_TYPES)[number];
  /** Microseconds since 1970. */
  readonly time: number;
  /** Exactly for types that move miles. */
  readonly miles: number | null;
}

export type EventEncoder = (event: EventCore) => Buffer;

export function eventEncoder({ bits, below, onceIn, pick, uuid }: Random): EventEncoder {
  const type = avsc.Type.forSchema(eventSchema());
  const scratch = Buffer.alloc(2_048);
  scratch.writeUInt32BE(SCHEMA_ID, 1);
  return ({ userId, type: name, time, miles }) => {
    const event = {
      event_id: uuid(),
      user_id: userId,
      event_type: name,
      event_time: time,
      platform: pick(PLATFORMS),
      utm_source: pick(SOURCES),
      country: pick(COUNTRIES),
      transaction_category: miles === null ? null : pick(CATEGORIES),
      miles_amount: miles,
      producer_session_id: `s${bits().toString(36)}`,
      page_url: name === 'page_view' ? `https://example.com/p/${below(10_000)}` : null,
      product_id: onceIn(2) ? `product-${below(10_000)}` : null,
      order_id: name === 'checkout' ? `order-${below(1_000_000)}` : null,
      plan_id: onceIn(4) ? `plan-${below(5)}` : null,
      feature: name === 'feature_used' ? `feature-${below(30)}` : null,
      properties: { app_version: `5.${below(20)}.0`, screen: pick(SCREENS) },
    };
    const end = type.encode(event, scratch, WIRE_HEADER_BYTES);
    if (end < 0) throw new Error(`an event needs more than ${scratch.length} bytes`);
    return Buffer.from(scratch.subarray(0, end));
  };
}

const PLATFORMS = ['ios', 'android', 'android', 'web', 'desktop', null];
const SOURCES = ['organic', 'google', 'facebook', 'referral', 'tiktok', null];
const COUNTRIES = ['ID', 'SG', 'MY', 'TH', 'VN', 'PH', null];
const CATEGORIES = ['flight', 'hotel', 'voucher', 'partner'];
const SCREENS = ['home', 'search', 'profile', 'rewards', 'cart', 'settings'];

/** The parsed schema of app events. */
export function eventSchema(): avsc.Schema & object {
  const schema: unknown = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));
  if (!isSchema(schema)) throw new Error(`${SCHEMA_FILE.pathname} holds no schema`);
  return schema;
}

function isSchema(value: unknown): value is avsc.Schema & object {
  return typeof value === 'object' && value !== null && 'type' in value;
}
