/** In: rows of numbers and the people they speak of. Out: the events' fields, ids included. */
import type { AppEvent } from './app-event.ts';
import { EVENT_TYPES, NONE, TYPE } from './event-columns.ts';
import type { EventColumns } from './event-columns.ts';
import type { Person } from './people.ts';
import { scramble } from './random.ts';
import {
  CATEGORIES,
  COUNTRIES,
  FEATURES,
  PAGES,
  PLANS,
  PLATFORMS,
  PRODUCTS,
  UTM_SOURCES,
} from './vocabulary.ts';

export interface EventFieldsOptions {
  readonly seed: number;
  /** Part of the events' ids: the same seed at another time makes other events, of the same users. */
  readonly until: number;
  readonly columns: EventColumns;
  readonly people: readonly Person[];
}

const NO_PROPERTIES = {};
const PROPERTIES = Array.from({ length: 24 }, (_, at) => ({
  app_version: `5.${at >> 2}.${at & 3}`,
  screen: PAGES[at % PAGES.length]!,
}));
const PAGE_URLS = Array.from({ length: PRODUCTS + PAGES.length }, (_, at) =>
  at < PRODUCTS
    ? `https://shop.example.com/products/${at + 1}`
    : `https://shop.example.com/${PAGES[at - PRODUCTS]!}`,
);
const PRODUCT_IDS = Array.from({ length: PRODUCTS }, (_, at) => `product-${at + 1}`);

export class EventFields {
  readonly #columns: EventColumns;
  readonly #people: readonly Person[];
  readonly #userIds: (string | undefined)[];
  readonly #userKeys: (Buffer | undefined)[];
  readonly #userSalt: number;
  readonly #eventSalt: number;

  constructor({ seed, until, columns, people }: EventFieldsOptions) {
    this.#columns = columns;
    this.#people = people;
    this.#userIds = Array.from({ length: people.length });
    this.#userKeys = Array.from({ length: people.length });
    this.#userSalt = scramble(seed ^ 0x7f4a_7c15);
    const moment = scramble(until % 2 ** 32) ^ Math.floor(until / 2 ** 32);
    this.#eventSalt = scramble(this.#userSalt ^ moment);
  }

  userKey(user: number): Buffer {
    return (this.#userKeys[user] ??= Buffer.from(this.#userId(user)));
  }

  event(number: number): AppEvent {
    const columns = this.#columns;
    const type = columns.type[number]!;
    const user = columns.user[number]!;
    const who = this.#people[user]!;
    const detail = columns.detail[number]!;
    const session = columns.session[number]!;
    const platform = columns.platform[number]!;
    const utmSource = columns.utmSource[number]!;
    const miles = columns.miles[number]!;
    const page = type === TYPE.page_view ? pageOf(detail) : NONE;
    const hasOrder =
      type === TYPE.checkout || type === TYPE.package_shipped || type === TYPE.package_delivered;
    const hasProduct =
      type === TYPE.add_to_cart || type === TYPE.delete_from_cart || (page >= 0 && page < PRODUCTS);
    const id = uuid(number, this.#eventSalt);
    return {
      event_id: who.upperCaseIds ? id.toUpperCase() : id,
      user_id: this.#userId(user),
      event_type: EVENT_TYPES[type]!,
      event_time: columns.time[number]!,
      platform: platform === NONE ? null : PLATFORMS[platform]!,
      utm_source: utmSource === NONE ? null : UTM_SOURCES[utmSource]!,
      country: platform === NONE ? null : COUNTRIES[who.country]!.code,
      transaction_category: miles === NONE ? null : CATEGORIES[detail]!,
      miles_amount: miles === NONE ? null : miles,
      producer_session_id: session === 0 ? null : session.toString(36),
      page_url: page < 0 ? null : PAGE_URLS[page]!,
      product_id: hasProduct ? PRODUCT_IDS[detail]! : null,
      order_id: hasOrder ? `order-${detail.toString(36)}` : null,
      plan_id: PLANS[who.plan]!,
      feature: type === TYPE.feature_used ? FEATURES[detail]! : null,
      properties: session === 0 ? NO_PROPERTIES : PROPERTIES[user % PROPERTIES.length]!,
    };
  }

  #userId(user: number): string {
    return (this.#userIds[user] ??= uuid(user, this.#userSalt));
  }
}

/** Pages of products have their numbers; the others share what is above. */
function pageOf(detail: number): number {
  return detail < PRODUCTS ? detail : PRODUCTS + (detail % PAGES.length);
}

const SCRATCH = Buffer.alloc(36, '-');
const HEX = Buffer.from('0123456789abcdef');

/** In the form of a UUID of version 8; the first 32 bits alone tell the numbers of one salt apart. */
function uuid(number: number, salt: number): string {
  const a = scramble(number ^ salt);
  const b = scramble(a ^ 0x3c6e_f372 ^ salt);
  const c = scramble(b + number);
  const d = scramble(c ^ 0x1b87_3593);
  hex(a, 0, 8);
  hex(b >>> 16, 9, 4);
  hex(0x8000 | (b & 0x0fff), 14, 4);
  hex(0x8000 | (c & 0x3fff), 19, 4);
  hex(c >>> 16, 24, 4);
  hex(d, 28, 8);
  return SCRATCH.toString('latin1');
}

/** The lowest digits of a value. */
function hex(value: number, at: number, digits: number): void {
  for (let i = digits - 1, rest = value; i >= 0; i--, rest >>>= 4) {
    SCRATCH[at + i] = HEX[rest & 15]!;
  }
}
