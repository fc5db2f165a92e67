import type { EntityDay } from '../fold/unit.ts';
import type { ByteSink } from '../warehouse/byte-sink.ts';
import { nativeColumn, type NativeColumn } from '../warehouse/native-block.ts';

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

/** The columns of `user_day_rows` that depend on the events. */
export function userDayColumns(): readonly NativeColumn[] {
  return [
    nativeColumn('events', 'UInt32'),
    nativeColumn('event_counts', 'Map(String, UInt32)', 3),
    nativeColumn('first_event_at', MICROS),
    nativeColumn('last_event_at', MICROS),
    nativeColumn('first_event_id', 'String'),
    nativeColumn('first_platform', 'Nullable(String)', 2),
    nativeColumn('first_utm_source', 'Nullable(String)', 2),
    nativeColumn('first_country', 'Nullable(String)', 2),
    nativeColumn('platforms', 'Array(String)', 2),
    nativeColumn('platform_counts', 'Map(Tuple(String, String), UInt32)', 4),
    nativeColumn('miles_earned', 'Int64'),
    nativeColumn('miles_redeemed', 'Int64'),
    nativeColumn('miles_earned_events', 'UInt32'),
    nativeColumn('miles_redeemed_events', 'UInt32'),
    nativeColumn(
      'session_fragments',
      `Array(Tuple(start ${MICROS}, end ${MICROS}, events UInt32, event_counts Map(String, UInt32)))`,
      7,
    ),
    nativeColumn('miles_ledger', `Array(Tuple(time ${MICROS}, event_id String, delta Int64))`, 4),
  ];
}

/** Writes user-days as rows; `sessionGap` in microseconds. */
export class UserDayWriter {
  readonly #sessionGap: number;
  readonly #types = new Tally();
  readonly #pairs = new Tally();
  readonly #fragmentTypes = new Tally();

  constructor(sessionGap: number) {
    this.#sessionGap = sessionGap;
  }

  /** Appends one row to columns that `userDayColumns` made. A day without events is an empty row. */
  write(day: EntityDay, columns: readonly NativeColumn[]): void {
    const { facts, stride, symbols, events, count } = day;
    const fact = (event: number, which: number): number => facts[event * stride + which]!;
    const sinks = (column: number): readonly ByteSink[] => columns[column]!.sinks;
    const first = events[0]!;
    const empty = count === 0;

    sinks(0)[0]!.uint32(count);
    sinks(2)[0]!.int64(empty ? 0 : fact(first, FACT.time));
    sinks(3)[0]!.int64(empty ? 0 : fact(events[count - 1]!, FACT.time));
    sinks(4)[0]!.byteString(empty ? '' : day.id(first));
    for (const [column, which] of [
      [5, FACT.platform],
      [6, FACT.utmSource],
      [7, FACT.country],
    ] as const) {
      const symbol = empty ? -1 : fact(first, which);
      const [nulls, values] = sinks(column);
      nulls!.uint8(symbol === -1 ? 1 : 0);
      values!.byteString(symbol === -1 ? '' : symbols[symbol]!);
    }

    const types = this.#types;
    const pairs = this.#pairs;
    types.clear();
    pairs.clear();
    for (let at = 0; at < count; at++) {
      const type = fact(events[at]!, FACT.type);
      const platform = fact(events[at]!, FACT.platform);
      types.add(type);
      if (platform !== -1) pairs.add(platform * PAIR + type);
    }
    writeCounts(sinks(1), types, symbols);
    writePairs(sinks(8), sinks(9), pairs, symbols);
    this.#writeFragments(sinks(14), day);
    writeMiles(columns, day);
  }

  /** Maximal runs of events that are not server-side, in which no gap exceeds the session gap. */
  #writeFragments(
    [offsets, starts, ends, sizes, ...kinds]: readonly ByteSink[],
    day: EntityDay,
  ): void {
    const { facts, stride, symbols, events, count } = day;
    const types = this.#fragmentTypes;
    let size = 0;
    let start = 0;
    let end = 0;
    const close = (): void => {
      starts!.int64(start);
      ends!.int64(end);
      sizes!.uint32(size);
      writeCounts(kinds, types, symbols);
    };
    types.clear();
    for (let at = 0; at < count; at++) {
      const row = events[at]! * stride;
      if ((facts[row + FACT.kind]! & SERVER_SIDE) !== 0) continue;
      const time = facts[row + FACT.time]!;
      if (size > 0 && time - end > this.#sessionGap) {
        close();
        types.clear();
        size = 0;
      }
      if (size === 0) start = time;
      end = time;
      size++;
      types.add(facts[row + FACT.type]!);
    }
    if (size > 0) close();
    offsets!.int64(sizes!.length / 4);
  }
}

/** Up to so many different keys, looking through them is faster than a map. */
const FEW = 16;

/** How often each number occurs. */
class Tally {
  readonly keys: number[] = [];
  #counts: number[] = [];
  /** Where each key is, once there are many. */
  #places: Map<number, number> | null = null;

  add(key: number): void {
    const place = this.#places === null ? this.keys.indexOf(key) : (this.#places.get(key) ?? -1);
    if (place !== -1) {
      this.#counts[place]!++;
      return;
    }
    this.#places?.set(key, this.keys.length);
    this.keys.push(key);
    this.#counts.push(1);
    if (this.keys.length === FEW) this.#places = new Map(this.keys.map((known, at) => [known, at]));
  }

  /** Calls with each key and its count, in the given order of the keys. */
  forEach(
    order: (a: number, b: number) => number,
    call: (key: number, count: number) => void,
  ): void {
    const { keys } = this;
    const counts = this.#counts;
    if (keys.length === 1) {
      call(keys[0]!, counts[0]!);
      return;
    }
    const places = keys.map((_, place) => place).sort((a, b) => order(keys[a]!, keys[b]!));
    for (const place of places) call(keys[place]!, counts[place]!);
  }

  clear(): void {
    this.keys.length = 0;
    this.#counts.length = 0;
    this.#places = null;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function writeCounts(
  [offsets, keys, values]: readonly ByteSink[],
  tally: Tally,
  symbols: readonly string[],
): void {
  tally.forEach(
    (a, b) => compare(symbols[a]!, symbols[b]!),
    (key, count) => {
      keys!.byteString(symbols[key]!);
      values!.uint32(count);
    },
  );
  offsets!.int64(values!.length / 4);
}

function writePairs(
  [platformOffsets, platforms]: readonly ByteSink[],
  [offsets, pairPlatforms, pairTypes, counts]: readonly ByteSink[],
  pairs: Tally,
  symbols: readonly string[],
): void {
  const written = platformOffsets!.length;
  let distinct = written === 0 ? 0 : platformOffsets!.buffer.readUInt32LE(written - 8);
  let previous = -1;
  pairs.forEach(
    (a, b) =>
      compare(symbols[Math.floor(a / PAIR)]!, symbols[Math.floor(b / PAIR)]!) ||
      compare(symbols[a % PAIR]!, symbols[b % PAIR]!),
    (pair, count) => {
      const platform = Math.floor(pair / PAIR);
      // In this order a platform is new when it differs from the one before.
      if (platform !== previous) {
        platforms!.byteString(symbols[platform]!);
        previous = platform;
        distinct++;
      }
      pairPlatforms!.byteString(symbols[platform]!);
      pairTypes!.byteString(symbols[pair % PAIR]!);
      counts!.uint32(count);
    },
  );
  platformOffsets!.int64(distinct);
  offsets!.int64(counts!.length / 4);
}

function writeMiles(columns: readonly NativeColumn[], day: EntityDay): void {
  const { facts, stride, events, count } = day;
  const [offsets, times, ids, deltas] = columns[15]!.sinks;
  let earned = 0;
  let redeemed = 0;
  let earnedEvents = 0;
  let redeemedEvents = 0;
  for (let at = 0; at < count; at++) {
    const event = events[at]!;
    const kind = facts[event * stride + FACT.kind]!;
    if ((kind & (EARNS | REDEEMS)) === 0) continue;
    const delta = facts[event * stride + FACT.miles]!;
    times!.int64(facts[event * stride + FACT.time]!);
    ids!.byteString(day.id(event));
    deltas!.int64(delta);
    if ((kind & EARNS) !== 0) {
      earnedEvents++;
      earned += delta;
    } else {
      redeemedEvents++;
      redeemed -= delta;
    }
  }
  offsets!.int64(times!.length / 8);
  columns[10]!.sinks[0]!.integer(earned <= MAX ? earned : exactSum(day, EARNS, 1n));
  columns[11]!.sinks[0]!.integer(redeemed <= MAX ? redeemed : exactSum(day, REDEEMS, -1n));
  columns[12]!.sinks[0]!.uint32(earnedEvents);
  columns[13]!.sinks[0]!.uint32(redeemedEvents);
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
