import type { EntityDay } from '../fold/unit.ts';
import type { ByteSink } from '../warehouse/byte-sink.ts';
import { nativeColumn, type NativeColumn } from '../warehouse/native-block.ts';
import type { AggregateRows } from './stream.ts';
import { Tally } from './tally.ts';

/**
 * The facts of an app event, in this order. A text is the number of its symbol, -1 when there is none.
 * Miles are those moved, with their sign.
 */
export const FACT = {
  time: 0,
  type: 1,
  platform: 2,
  utmSource: 3,
  country: 4,
  miles: 5,
  kind: 6,
} as const;
export const FACTS = 7;

/** What kind of event it is: a set of these. */
export const SERVER_SIDE = 1;
export const EARNS = 2;
export const REDEEMS = 4;

const MICROS = "DateTime64(6, 'UTC')";
/** Platforms and types are numbered below this. */
const PAIR = 2 ** 26;

/** The columns of `user_day_rows` that depend on the events; a row for each user-day written. */
export class UserDayRows implements AggregateRows {
  readonly #sessionGap: number;
  readonly #events = nativeColumn('events', 'UInt32');
  readonly #counts = nativeColumn('event_counts', 'Map(String, UInt32)', 3);
  readonly #firstAt = nativeColumn('first_event_at', MICROS);
  readonly #lastAt = nativeColumn('last_event_at', MICROS);
  readonly #firstId = nativeColumn('first_event_id', 'String');
  readonly #firstPlatform = nativeColumn('first_platform', 'Nullable(String)', 2);
  readonly #firstUtmSource = nativeColumn('first_utm_source', 'Nullable(String)', 2);
  readonly #firstCountry = nativeColumn('first_country', 'Nullable(String)', 2);
  readonly #platforms = nativeColumn('platforms', 'Array(String)', 2);
  readonly #platformCounts = nativeColumn(
    'platform_counts',
    'Map(Tuple(String, String), UInt32)',
    4,
  );
  readonly #earned = nativeColumn('miles_earned', 'Int64');
  readonly #redeemed = nativeColumn('miles_redeemed', 'Int64');
  readonly #earnedEvents = nativeColumn('miles_earned_events', 'UInt32');
  readonly #redeemedEvents = nativeColumn('miles_redeemed_events', 'UInt32');
  readonly #fragments = nativeColumn(
    'session_fragments',
    `Array(Tuple(start ${MICROS}, end ${MICROS}, events UInt32, event_counts Map(String, UInt32)))`,
    7,
  );
  readonly #ledger = nativeColumn(
    'miles_ledger',
    `Array(Tuple(time ${MICROS}, event_id String, delta Int64))`,
    4,
  );
  readonly columns: readonly NativeColumn[] = [
    this.#events,
    this.#counts,
    this.#firstAt,
    this.#lastAt,
    this.#firstId,
    this.#firstPlatform,
    this.#firstUtmSource,
    this.#firstCountry,
    this.#platforms,
    this.#platformCounts,
    this.#earned,
    this.#redeemed,
    this.#earnedEvents,
    this.#redeemedEvents,
    this.#fragments,
    this.#ledger,
  ];
  readonly #types = new Tally();
  readonly #pairs = new Tally();
  readonly #id = Buffer.alloc(128);

  /** `sessionGap` in microseconds. */
  constructor(sessionGap: number) {
    this.#sessionGap = sessionGap;
  }

  /** A day without events is an empty row. */
  write(day: EntityDay): void {
    const { facts, stride, events, count } = day;
    const first = events[0]! * stride;
    const last = events[count - 1]! * stride;
    const empty = count === 0;
    this.#events.sinks[0]!.uint32(count);
    this.#firstAt.sinks[0]!.int64(empty ? 0 : facts[first + FACT.time]!);
    this.#lastAt.sinks[0]!.int64(empty ? 0 : facts[last + FACT.time]!);
    this.#writeId(this.#firstId.sinks[0]!, day, empty ? -1 : events[0]!);
    writeSymbol(this.#firstPlatform, day, empty ? -1 : facts[first + FACT.platform]!);
    writeSymbol(this.#firstUtmSource, day, empty ? -1 : facts[first + FACT.utmSource]!);
    writeSymbol(this.#firstCountry, day, empty ? -1 : facts[first + FACT.country]!);
    this.#writeCounts(day);
    this.#writeFragments(day);
    this.#writeMiles(day);
  }

  #writeId(sink: ByteSink, day: EntityDay, event: number): void {
    sink.string(this.#id, 0, event === -1 ? 0 : day.copyId(event, this.#id));
  }

  #writeCounts(day: EntityDay): void {
    const { facts, stride, symbols, events, count } = day;
    const types = this.#types;
    const pairs = this.#pairs;
    types.clear();
    pairs.clear();
    for (let at = 0; at < count; at++) {
      const row = events[at]! * stride;
      const type = facts[row + FACT.type]!;
      const platform = facts[row + FACT.platform]!;
      types.add(type);
      if (platform !== -1) pairs.add(platform * PAIR + type);
    }
    const { sinks } = this.#counts;
    writeTally(types, symbols, sinks[1]!, sinks[2]!);
    sinks[0]!.int64(sinks[2]!.length / 4);

    pairs.sort(comparePairs, symbols);
    const pairSinks = this.#platformCounts.sinks;
    const [offsets, names] = [this.#platforms.sinks[0]!, this.#platforms.sinks[1]!];
    let platforms = offsets.lastLow();
    let previous = -1;
    for (let at = 0; at < pairs.keys.length; at++) {
      const pair = pairs.keys[at]!;
      const platform = Math.floor(pair / PAIR);
      // In this order a platform is new when it differs from the one before.
      if (platform !== previous) {
        names.byteString(symbols[platform]!);
        previous = platform;
        platforms++;
      }
      pairSinks[1]!.byteString(symbols[platform]!);
      pairSinks[2]!.byteString(symbols[pair % PAIR]!);
      pairSinks[3]!.uint32(pairs.counts[at]!);
    }
    offsets.int64(platforms);
    pairSinks[0]!.int64(pairSinks[3]!.length / 4);
  }

  /** Maximal runs of events that are not server-side, in which no gap exceeds the session gap. */
  #writeFragments(day: EntityDay): void {
    const { facts, stride, events, count } = day;
    const types = this.#types;
    let size = 0;
    let start = 0;
    let end = 0;
    types.clear();
    for (let at = 0; at < count; at++) {
      const row = events[at]! * stride;
      if ((facts[row + FACT.kind]! & SERVER_SIDE) !== 0) continue;
      const time = facts[row + FACT.time]!;
      if (size > 0 && time - end > this.#sessionGap) {
        this.#writeFragment(day, start, end, size);
        size = 0;
      }
      if (size === 0) start = time;
      end = time;
      size++;
      types.add(facts[row + FACT.type]!);
    }
    if (size > 0) this.#writeFragment(day, start, end, size);
    const { sinks } = this.#fragments;
    sinks[0]!.int64(sinks[3]!.length / 4);
  }

  /** Its types are those tallied. */
  #writeFragment(day: EntityDay, start: number, end: number, size: number): void {
    const { sinks } = this.#fragments;
    sinks[1]!.int64(start);
    sinks[2]!.int64(end);
    sinks[3]!.uint32(size);
    writeTally(this.#types, day.symbols, sinks[5]!, sinks[6]!);
    sinks[4]!.int64(sinks[6]!.length / 4);
    this.#types.clear();
  }

  #writeMiles(day: EntityDay): void {
    const { facts, stride, events, count } = day;
    const { sinks } = this.#ledger;
    let earned = 0;
    let redeemed = 0;
    let earnedEvents = 0;
    let redeemedEvents = 0;
    for (let at = 0; at < count; at++) {
      const event = events[at]!;
      const kind = facts[event * stride + FACT.kind]!;
      if ((kind & (EARNS | REDEEMS)) === 0) continue;
      const delta = facts[event * stride + FACT.miles]!;
      sinks[1]!.int64(facts[event * stride + FACT.time]!);
      this.#writeId(sinks[2]!, day, event);
      sinks[3]!.int64(delta);
      if ((kind & EARNS) !== 0) {
        earnedEvents++;
        earned += delta;
      } else {
        redeemedEvents++;
        redeemed -= delta;
      }
    }
    sinks[0]!.int64(sinks[1]!.length / 8);
    this.#earned.sinks[0]!.integer(earned <= MAX ? earned : exactSum(day, EARNS, 1n));
    this.#redeemed.sinks[0]!.integer(redeemed <= MAX ? redeemed : exactSum(day, REDEEMS, -1n));
    this.#earnedEvents.sinks[0]!.uint32(earnedEvents);
    this.#redeemedEvents.sinks[0]!.uint32(redeemedEvents);
  }
}

function writeSymbol({ sinks }: NativeColumn, { symbols }: EntityDay, symbol: number): void {
  sinks[0]!.uint8(symbol === -1 ? 1 : 0);
  sinks[1]!.byteString(symbol === -1 ? '' : symbols[symbol]!);
}

function writeTally(
  tally: Tally,
  symbols: readonly string[],
  keys: ByteSink,
  counts: ByteSink,
): void {
  tally.sort(compareSymbols, symbols);
  for (let at = 0; at < tally.keys.length; at++) {
    keys.byteString(symbols[tally.keys[at]!]!);
    counts.uint32(tally.counts[at]!);
  }
}

function compareSymbols(a: number, b: number, symbols: readonly string[]): number {
  return symbols[a]! < symbols[b]! ? -1 : 1;
}

function comparePairs(a: number, b: number, symbols: readonly string[]): number {
  const [platformA, platformB] = [Math.floor(a / PAIR), Math.floor(b / PAIR)];
  if (platformA !== platformB) return compareSymbols(platformA, platformB, symbols);
  return compareSymbols(a % PAIR, b % PAIR, symbols);
}

const MAX = Number.MAX_SAFE_INTEGER;

/** A sum beyond 2^53; beyond 2^63 it wraps, as ClickHouse's own do. */
function exactSum({ facts, stride, events, count }: EntityDay, kind: number, sign: bigint): bigint {
  let sum = 0n;
  for (let at = 0; at < count; at++) {
    const row = events[at]! * stride;
    if ((facts[row + FACT.kind]! & kind) !== 0) sum += sign * BigInt(facts[row + FACT.miles]!);
  }
  return sum;
}
