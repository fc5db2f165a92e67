import { recordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
import type { FactWriter } from '../fold/unit.ts';
import { NativeBlock, nativeColumn } from '../warehouse/native-block.ts';
import { END_OF_DATES } from './calendar.ts';
import { EventTypeDictionary, type KnownType } from './event-type-dictionary.ts';
import { brokenId } from './identity.ts';
import { PlatformDictionary } from './platform-dictionary.ts';
import type { Reason } from './reasons.ts';
import type { Rules } from './rules.ts';
import type { Interpreter, Listing, Stream } from './stream.ts';
import { symbolOf } from './symbol.ts';
import { EARNS, FACT, FACTS, REDEEMS, SERVER_SIDE, UserDayRows } from './user-day-row.ts';

/** The stream `app-events`. `avsc` is the parsed `schemas/app-event.avsc`. */
export function appEvents(avsc: object): Stream {
  const schema = recordSchema(avsc);
  return {
    name: 'app-events',
    schema,
    stored: schema,
    tables: {
      accepted: 'events_rows',
      aggregates: 'user_day_rows',
      late: 'late_events_rows',
      rejected: 'rejected_events_rows',
    },
    entity: 'user_id',
    id: 'event_id',
    time: 'event_time',
    person: 'user_id',
    expires: true,
    foldFields: [
      'user_id',
      'event_id',
      'event_type',
      'event_time',
      'platform',
      'utm_source',
      'country',
      'miles_amount',
    ],
    interpreter: (rules) => new AppEventInterpreter(schema.index, rules),
  };
}

class AppEventInterpreter implements Interpreter {
  readonly #eventId: number;
  readonly #userId: number;
  readonly #eventType: number;
  readonly #eventTime: number;
  readonly #platform: number;
  readonly #utmSource: number;
  readonly #country: number;
  readonly #miles: number;
  readonly #pageUrl: number;
  readonly #minEventTime: number;
  readonly #sessionGap: number;
  readonly stride = FACTS;
  readonly #types: EventTypeDictionary;
  readonly #platforms: PlatformDictionary;
  #unlisted: KnownType[] = [];

  constructor(index: (field: string) => number, rules: Rules) {
    this.#eventId = index('event_id');
    this.#userId = index('user_id');
    this.#eventType = index('event_type');
    this.#eventTime = index('event_time');
    this.#platform = index('platform');
    this.#utmSource = index('utm_source');
    this.#country = index('country');
    this.#miles = index('miles_amount');
    this.#pageUrl = index('page_url');
    this.#minEventTime = rules.minEventTime;
    this.#sessionGap = rules.sessionGapSeconds * 1_000_000;
    this.#types = new EventTypeDictionary(rules.eventTypes);
    this.#platforms = new PlatformDictionary(rules.platforms);
  }

  check(slots: Slots): Reason | null {
    const { start, number } = slots;
    const badId =
      brokenId(slots, this.#eventId, 'event_id') ?? brokenId(slots, this.#userId, 'user_id');
    if (badId !== null) return badId;

    const type = this.#types.resolve(slots, this.#eventType);
    if (typeof type === 'string') return type;
    const time = number[this.#eventTime]!;
    if (time < this.#minEventTime || time >= END_OF_DATES) return 'time_out_of_range';

    if (start[this.#miles] === -1) {
      if (type.miles !== 'none') return 'miles_missing';
    } else {
      if (type.miles === 'none') return 'miles_unexpected';
      if (number[this.#miles]! < 0) return 'miles_negative';
    }

    const platform = this.#platforms.resolve(slots, this.#platform);
    if (platform === undefined) return 'platform_unknown';
    if (!isNullOrUrl(slots, this.#pageUrl)) return 'page_url_malformed';

    slots.replace(this.#eventType, type.name);
    if (platform === null) start[this.#platform] = -1;
    else slots.replace(this.#platform, platform.name);
    normaliseText(slots, this.#utmSource);
    return null;
  }

  checkRemoval(): Reason {
    return 'empty_value';
  }

  reduce(slots: Slots, { facts, symbols }: FactWriter, at: number): void {
    const type = this.#types.ofStoredRow(slots, this.#eventType);
    if (!type.listed) {
      type.listed = true;
      this.#unlisted.push(type);
    }
    facts[at + FACT.time] = slots.number[this.#eventTime]!;
    facts[at + FACT.type] = symbolOf(symbols, slots, this.#eventType);
    facts[at + FACT.platform] = symbolOf(symbols, slots, this.#platform);
    facts[at + FACT.utmSource] = symbolOf(symbols, slots, this.#utmSource);
    facts[at + FACT.country] = symbolOf(symbols, slots, this.#country);
    let kind = type.serverSide ? SERVER_SIDE : 0;
    let miles = 0;
    if (type.miles !== 'none' && !slots.isNull(this.#miles)) {
      const earns = type.miles === 'earned';
      kind |= earns ? EARNS : REDEEMS;
      miles = earns ? slots.number[this.#miles]! : -slots.number[this.#miles]!;
    }
    facts[at + FACT.miles] = miles;
    facts[at + FACT.kind] = kind;
  }

  rows(): UserDayRows {
    return new UserDayRows(this.#sessionGap);
  }

  /** Types seen for the first time, as rows of the catalogue that never override a person's. */
  takeListings(): Listing | null {
    if (this.#unlisted.length === 0) return null;
    const name = nativeColumn('event_type', 'String');
    // The epoch: any row that a person writes is later.
    const updatedAt = nativeColumn('updated_at', "DateTime64(3, 'UTC')");
    const block = new NativeBlock([name, updatedAt]);
    for (const type of this.#unlisted) {
      name.sinks[0]!.string(type.name, 0, type.name.length);
      updatedAt.sinks[0]!.int64(0);
      block.rows++;
    }
    this.#unlisted = [];
    return { table: 'event_types', rows: block.rows, pieces: block.pieces() };
  }
}

/** Trims and lower-cases; blank becomes null. */
function normaliseText(slots: Slots, field: number): void {
  const from = slots.start[field]!;
  if (from === -1) return;
  const bytes = slots.bytes[field]!;
  const to = slots.end[field]!;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    // Upper-case, white space and what is not ASCII take the slow way.
    if (byte <= 32 || byte >= 127 || (byte >= 65 && byte <= 90)) {
      slots.replace(field, Buffer.from(slots.text(field).trim().toLowerCase()));
      break;
    }
  }
  if (slots.start[field] === slots.end[field]) slots.start[field] = -1;
}

/** An absolute URL: a scheme, "://", and something without spaces or control characters. */
function isNullOrUrl(slots: Slots, field: number): boolean {
  let at = slots.start[field]!;
  if (at === -1) return true;
  const bytes = slots.bytes[field]!;
  const end = slots.end[field]!;
  if (!isLetter(bytes[at]!)) return false;
  while (at < end && isSchemeCharacter(bytes[at]!)) at++;
  if (at + 3 >= end || bytes[at] !== 58 || bytes[at + 1] !== 47 || bytes[at + 2] !== 47)
    return false;
  for (at += 3; at < end; at++) if (bytes[at]! <= 32 || bytes[at] === 127) return false;
  return true;
}

function isLetter(byte: number): boolean {
  const lower = byte | 32;
  return lower >= 97 && lower <= 122;
}

function isSchemeCharacter(byte: number): boolean {
  return isLetter(byte) || (byte >= 48 && byte <= 57) || byte === 43 || byte === 45 || byte === 46;
}
