/**
 * In: a seed and a size. Out: Avro events as producers would send them, and what a right answer is
 * made of: which events are duplicates, and every user-day.
 */
import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import { random } from './random.ts';
import { UserDays } from './user-days.ts';

export interface TrafficOptions {
  readonly seed: number;
  /** Records sent, duplicates included. */
  readonly events: number;
  readonly users: number;
  /** Days over which the events spread evenly, from `FIRST_DAY`. */
  readonly days: number;
  readonly partitions: number;
}

export interface TrafficRecord {
  readonly partition: number;
  readonly key: string;
  /** In the Confluent wire format. */
  readonly value: Buffer;
}

export const SCHEMA_FILE = new URL('../schemas/app-event.avsc', import.meta.url);
export const FIRST_DAY = Date.UTC(2026, 0, 1) / 86_400_000;
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

const DUPLICATE_ONCE_IN = 100;
const OUT_OF_ORDER_ONCE_IN = 50;
const MAX_LATENESS_MICROS = 30 * 3_600_000_000;
/** A duplicate follows within so many events of its partition, as a producer's retry would. */
const RETRY_DISTANCE = 1_000;
const MICROS_PER_DAY = 86_400_000_000;

export class Traffic {
  readonly userDays: UserDays;
  duplicates = 0;
  bytes = 0;
  readonly #options: TrafficOptions;
  readonly #schemaId: number;

  /** `schemaId` is the id that the registry gives to `schemas/app-event.avsc`. */
  constructor(options: TrafficOptions, schemaId: number) {
    this.#options = options;
    this.#schemaId = schemaId;
    this.userDays = new UserDays(options.users, FIRST_DAY - 2, options.days + 2, EVENT_TYPES);
  }

  get accepted(): number {
    return this.#options.events - this.duplicates;
  }

  *records(): Generator<TrafficRecord> {
    const { seed, events, users, days, partitions } = this.#options;
    const { bits, below, onceIn, pick, uuid } = random(seed);
    const type = avsc.Type.forSchema(readSchema());
    const scratch = Buffer.alloc(2_048);
    scratch.writeUInt32BE(this.#schemaId, 1);
    const ids = Array.from({ length: users }, uuid);
    const sent = Array.from({ length: partitions }, (): TrafficRecord[] => []);
    const sentCount = new Uint32Array(partitions);
    const start = FIRST_DAY * MICROS_PER_DAY;
    const step = (days * MICROS_PER_DAY) / events;

    for (let i = 0; i < events; i++) {
      const user = below(users);
      const partition = user % partitions;
      const recent = sent[partition]!;
      if (recent.length > 0 && onceIn(DUPLICATE_ONCE_IN)) {
        const again = pick(recent);
        this.duplicates++;
        this.bytes += again.value.length;
        yield again;
        continue;
      }
      const lateness = onceIn(OUT_OF_ORDER_ONCE_IN) ? below(MAX_LATENESS_MICROS) : 0;
      const time = Math.max(start, Math.floor(start + i * step) - lateness);
      const eventType = below(EVENT_TYPES.length);
      const name = EVENT_TYPES[eventType]!;
      const miles = name.startsWith('miles_') ? below(5_000) : null;
      const end = type.encode(
        {
          event_id: uuid(),
          user_id: ids[user],
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
        },
        scratch,
        5,
      );
      if (end < 0) throw new Error(`an event needs more than ${scratch.length} bytes`);
      const record = { partition, key: ids[user]!, value: Buffer.from(scratch.subarray(0, end)) };
      this.userDays.add(user, time, eventType, name === 'miles_earned' ? 1 : -1, miles ?? 0);
      recent[sentCount[partition]!++ % RETRY_DISTANCE] = record;
      this.bytes += record.value.length;
      yield record;
    }
    this.userDays.name(ids);
  }
}

const PLATFORMS = ['ios', 'android', 'android', 'web', 'desktop', null];
const SOURCES = ['organic', 'google', 'facebook', 'referral', 'tiktok', null];
const COUNTRIES = ['ID', 'SG', 'MY', 'TH', 'VN', 'PH', null];
const CATEGORIES = ['flight', 'hotel', 'voucher', 'partner'];
const SCREENS = ['home', 'search', 'profile', 'rewards', 'cart', 'settings'];

function readSchema(): avsc.Schema {
  const schema: unknown = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'));
  if (!isSchema(schema)) throw new Error(`${SCHEMA_FILE.pathname} holds no schema`);
  return schema;
}

function isSchema(value: unknown): value is avsc.Schema {
  return typeof value === 'object' && value !== null && 'type' in value;
}
