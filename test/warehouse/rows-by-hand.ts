/** Blocks of the processor's tables for the tests of the store: plain objects in, Native out. */
import {
  int64s,
  nativeBlock,
  nullableTexts,
  texts,
  uint16s,
  uint32s,
  uint8s,
} from '../support/native-by-hand.ts';

export interface EventRow {
  readonly day: number;
  readonly user: string;
  readonly id: string;
  readonly source: string;
  readonly offset: number;
  readonly bucket?: number;
  readonly rulesEpoch?: number;
  /** Microseconds since 1970. */
  readonly time?: number;
  readonly type?: string;
  readonly platform?: string | null;
  readonly utmSource?: string | null;
}

export const DAY_MICROS = 86_400_000_000;

export function eventsBlock(rows: readonly EventRow[]): Buffer {
  return nativeBlock(rows.length, [
    ['event_date', 'Date', uint16s(...rows.map((row) => row.day))],
    ['bucket', 'UInt8', uint8s(...rows.map((row) => row.bucket ?? 0))],
    ['user_id', 'String', texts(...rows.map((row) => row.user))],
    ['event_id', 'String', texts(...rows.map((row) => row.id))],
    [
      'event_time',
      "DateTime64(6, 'UTC')",
      int64s(...rows.map((row) => row.time ?? row.day * DAY_MICROS)),
    ],
    ['event_type', 'String', texts(...rows.map((row) => row.type ?? 'page_view'))],
    ['platform', 'Nullable(String)', nullableTexts(...rows.map((row) => row.platform ?? null))],
    ['utm_source', 'Nullable(String)', nullableTexts(...rows.map((row) => row.utmSource ?? null))],
    ['source', 'String', texts(...rows.map((row) => row.source))],
    ['offset', 'UInt64', int64s(...rows.map((row) => row.offset))],
    ['rules_epoch', 'UInt32', uint32s(...rows.map((row) => row.rulesEpoch ?? 1))],
  ]);
}

export interface Fragment {
  /** Microseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly events: number;
  readonly counts: Readonly<Record<string, number>>;
}

export interface UserDayRow {
  readonly day: number;
  readonly user: string;
  readonly source: string;
  readonly events: number;
  readonly version: number;
  readonly counts?: Readonly<Record<string, number>>;
  readonly firstAt?: number;
  readonly lastAt?: number;
  readonly firstId?: string;
  readonly firstPlatform?: string | null;
  readonly firstUtmSource?: string | null;
  readonly platforms?: readonly string[];
  /** [platform, event type, count] */
  readonly platformCounts?: readonly (readonly [string, string, number])[];
  readonly milesEarned?: number;
  readonly fragments?: readonly Fragment[];
  /** [microseconds, event id, miles] */
  readonly ledger?: readonly (readonly [number, string, number])[];
}

export function userDaysBlock(rows: readonly UserDayRow[]): Buffer {
  const counts = rows.map((row) => Object.entries(row.counts ?? {}));
  const pairs = rows.map((row) => row.platformCounts ?? []);
  const fragments = rows.map((row) => row.fragments ?? []);
  const ledgers = rows.map((row) => row.ledger ?? []);
  const platforms = rows.map((row) => row.platforms ?? []);
  const fragmentCounts = fragments.flat().map((fragment) => Object.entries(fragment.counts));
  const micros = "DateTime64(6, 'UTC')";
  return nativeBlock(rows.length, [
    ['event_date', 'Date', uint16s(...rows.map((row) => row.day))],
    ['bucket', 'UInt8', uint8s(...rows.map(() => 0))],
    ['user_id', 'String', texts(...rows.map((row) => row.user))],
    ['source', 'String', texts(...rows.map((row) => row.source))],
    ['events', 'UInt32', uint32s(...rows.map((row) => row.events))],
    ['event_counts', 'Map(String, UInt32)', map(counts)],
    ['first_event_at', micros, int64s(...rows.map((row) => row.firstAt ?? row.day * DAY_MICROS))],
    ['last_event_at', micros, int64s(...rows.map((row) => row.lastAt ?? row.day * DAY_MICROS))],
    ['first_event_id', 'String', texts(...rows.map((row) => row.firstId ?? ''))],
    [
      'first_platform',
      'Nullable(String)',
      nullableTexts(...rows.map((row) => row.firstPlatform ?? null)),
    ],
    [
      'first_utm_source',
      'Nullable(String)',
      nullableTexts(...rows.map((row) => row.firstUtmSource ?? null)),
    ],
    ['platforms', 'Array(String)', Buffer.concat([offsets(platforms), texts(...platforms.flat())])],
    [
      'platform_counts',
      'Map(Tuple(String, String), UInt32)',
      Buffer.concat([
        offsets(pairs),
        texts(...pairs.flat().map(([platform]) => platform)),
        texts(...pairs.flat().map(([, type]) => type)),
        uint32s(...pairs.flat().map(([, , count]) => count)),
      ]),
    ],
    ['miles_earned', 'Int64', int64s(...rows.map((row) => row.milesEarned ?? 0))],
    [
      'session_fragments',
      `Array(Tuple(start ${micros}, end ${micros}, events UInt32, event_counts Map(String, UInt32)))`,
      Buffer.concat([
        offsets(fragments),
        int64s(...fragments.flat().map(({ start }) => start)),
        int64s(...fragments.flat().map(({ end }) => end)),
        uint32s(...fragments.flat().map(({ events }) => events)),
        map(fragmentCounts),
      ]),
    ],
    [
      'miles_ledger',
      `Array(Tuple(time ${micros}, event_id String, delta Int64))`,
      Buffer.concat([
        offsets(ledgers),
        int64s(...ledgers.flat().map(([time]) => time)),
        texts(...ledgers.flat().map(([, id]) => id)),
        int64s(...ledgers.flat().map(([, , delta]) => delta)),
      ]),
    ],
    ['version', 'UInt64', int64s(...rows.map((row) => row.version))],
  ]);
}

function map(rows: readonly (readonly (readonly [string, number])[])[]): Buffer {
  return Buffer.concat([
    offsets(rows),
    texts(...rows.flat().map(([key]) => key)),
    uint32s(...rows.flat().map(([, value]) => value)),
  ]);
}

function offsets(rows: readonly (readonly unknown[])[]): Buffer {
  let end = 0;
  return int64s(...rows.map((row) => (end += row.length)));
}
