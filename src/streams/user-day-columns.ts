import { sortedLedger, type UserDay } from '../fold/user-day.ts';
import type { ByteSink } from '../warehouse/byte-sink.ts';
import { nativeColumn, type NativeColumn } from '../warehouse/native-block.ts';

const MICROS = "DateTime64(6, 'UTC')";

/** The columns of `user_day_rows` that hold the fold's state. */
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

/** Appends one user-day to columns that `userDayColumns` made. */
export function writeUserDay(day: UserDay, columns: readonly NativeColumn[]): void {
  const sinks = (column: number): readonly ByteSink[] => columns[column]!.sinks;
  const empty = day.events === 0;
  sinks(0)[0]!.uint32(day.events);

  const { keys, counts } = day.counts;
  const [countOffsets, countKeys, countValues] = sinks(1);
  for (let at = 0; at < keys.length; at++) {
    countKeys!.byteString(keys[at]!.order);
    countValues!.uint32(counts[at]!);
  }
  countOffsets!.int64(countValues!.length / 4);

  sinks(2)[0]!.int64(empty ? 0 : day.firstAt);
  sinks(3)[0]!.int64(empty ? 0 : day.lastAt);
  sinks(4)[0]!.byteString(day.firstId);
  writeNullable(sinks(5), day.firstPlatform);
  writeNullable(sinks(6), day.firstUtmSource);
  writeNullable(sinks(7), day.firstCountry);

  const pairs = day.platformCounts;
  const [platformOffsets, platformNames] = sinks(8);
  const [pairOffsets, pairPlatforms, pairTypes, pairCounts] = sinks(9);
  let platforms = lastOffset(platformOffsets!);
  let previous: string | null = null;
  for (let at = 0; at < pairs.keys.length; at++) {
    const { platform, type } = pairs.keys[at]!;
    // Pairs are sorted by platform, so a new platform differs from the one before.
    if (platform !== previous) {
      platformNames!.byteString(platform);
      platforms++;
      previous = platform;
    }
    pairPlatforms!.byteString(platform);
    pairTypes!.byteString(type);
    pairCounts!.uint32(pairs.counts[at]!);
  }
  platformOffsets!.int64(platforms);
  pairOffsets!.int64(pairCounts!.length / 4);

  const [ledgerOffsets, ledgerTimes, ledgerIds, ledgerDeltas] = sinks(15);
  let earned = 0;
  let redeemed = 0;
  if (day.ledger.length > 0) {
    for (const { time, eventId, delta } of sortedLedger(day)) {
      ledgerTimes!.int64(time);
      ledgerIds!.byteString(eventId);
      ledgerDeltas!.int64(delta);
      if (delta > 0) earned += delta;
      else redeemed -= delta;
    }
  }
  writeSum(sinks(10)[0]!, earned, day, 1n);
  writeSum(sinks(11)[0]!, redeemed, day, -1n);
  sinks(12)[0]!.uint32(day.earnedEvents);
  sinks(13)[0]!.uint32(day.redeemedEvents);
  ledgerOffsets!.int64(ledgerTimes!.length / 8);

  const [offsets, starts, ends, events, kindOffsets, kindKeys, kindCounts] = sinks(14);
  for (const fragment of day.fragments) {
    starts!.int64(fragment.start);
    ends!.int64(fragment.end);
    events!.uint32(fragment.events);
    const kinds = fragment.counts;
    for (let at = 0; at < kinds.keys.length; at++) {
      kindKeys!.byteString(kinds.keys[at]!.order);
      kindCounts!.uint32(kinds.counts[at]!);
    }
    kindOffsets!.int64(kindCounts!.length / 4);
  }
  offsets!.int64(events!.length / 4);
}

function writeNullable([nulls, values]: readonly ByteSink[], value: string | null): void {
  nulls!.uint8(value === null ? 1 : 0);
  values!.byteString(value ?? '');
}

/** Sums beyond 2^53 are added again as integers; beyond 2^63 they wrap, as ClickHouse's own do. */
function writeSum(sink: ByteSink, sum: number, day: UserDay, sign: 1n | -1n): void {
  if (sum <= Number.MAX_SAFE_INTEGER) {
    sink.int64(sum);
    return;
  }
  let exact = 0n;
  for (const { delta } of day.ledger) {
    if (Math.sign(delta) === Number(sign)) exact += sign * BigInt(delta);
  }
  sink.words(Number(exact & 0xffffffffn), Number((exact >> 32n) & 0xffffffffn));
}

/** The number of elements so far, which is the last offset written. */
function lastOffset(offsets: ByteSink): number {
  if (offsets.length === 0) return 0;
  return offsets.buffer.readUInt32LE(offsets.length - 8);
}
