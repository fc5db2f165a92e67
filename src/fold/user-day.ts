import { Counts, type Countable } from './counts.ts';
import { addToFragments, type SessionFragment } from './session-fragments.ts';

/** An event type as the fold sees it; one object per type. `order` is its name as a byte string. */
export interface FoldedType extends Countable {
  readonly serverSide: boolean;
  /** +1 when the type earns miles, -1 when it redeems them, 0 when it moves none. */
  readonly miles: 1 | -1 | 0;
}

/** A platform with an event type; one object per pair. */
export interface PlatformType extends Countable {
  readonly platform: string;
  readonly type: string;
}

export interface LedgerEntry {
  readonly time: number;
  readonly eventId: string;
  readonly delta: number;
}

/**
 * One event as the fold reads it. Times are microseconds since 1970; texts are byte strings (one
 * character per byte), so that comparing them compares bytes.
 */
export interface FoldedEvent {
  readonly time: number;
  readonly type: FoldedType;
  /** Null when the event has no platform. */
  readonly platformType: PlatformType | null;
  /** Miles moved, ≥ 0; ignored for types that move none. */
  readonly miles: number;
  /** These are read only where needed. */
  eventId(): string;
  platform(): string | null;
  utmSource(): string | null;
  country(): string | null;
}

/**
 * Everything that is kept of one user's events on one day: a function of the set of distinct events,
 * whatever their order.
 */
export interface UserDay {
  /** Distinct events folded. */
  events: number;
  readonly counts: Counts<FoldedType>;
  firstAt: number;
  lastAt: number;
  firstId: string;
  firstPlatform: string | null;
  firstUtmSource: string | null;
  firstCountry: string | null;
  readonly platformCounts: Counts<PlatformType>;
  earnedEvents: number;
  redeemedEvents: number;
  readonly fragments: SessionFragment<FoldedType>[];
  /** In no order; `sortedLedger` reads it. */
  readonly ledger: LedgerEntry[];
}

export function emptyUserDay(): UserDay {
  return {
    events: 0,
    counts: new Counts(),
    firstAt: Infinity,
    lastAt: -Infinity,
    firstId: '',
    firstPlatform: null,
    firstUtmSource: null,
    firstCountry: null,
    platformCounts: new Counts(),
    earnedEvents: 0,
    redeemedEvents: 0,
    fragments: [],
    ledger: [],
  };
}

/** Folds in an event that was not folded before. `sessionGap` in microseconds. */
export function foldEvent(day: UserDay, event: FoldedEvent, sessionGap: number): void {
  const { time, type, platformType } = event;
  day.events++;
  day.counts.add(type);
  if (platformType !== null) day.platformCounts.add(platformType);
  if (time > day.lastAt) day.lastAt = time;
  if (time < day.firstAt || (time === day.firstAt && event.eventId() < day.firstId)) {
    day.firstAt = time;
    day.firstId = event.eventId();
    day.firstPlatform = event.platform();
    day.firstUtmSource = event.utmSource();
    day.firstCountry = event.country();
  }
  if (type.miles !== 0) {
    if (type.miles > 0) day.earnedEvents++;
    else day.redeemedEvents++;
    day.ledger.push({ time, eventId: event.eventId(), delta: type.miles * event.miles });
  }
  if (!type.serverSide) addToFragments(day.fragments, time, type, sessionGap);
}

/** The miles events by (time, event id). */
export function sortedLedger(day: UserDay): readonly LedgerEntry[] {
  return day.ledger.sort(
    (a, b) => a.time - b.time || (a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0),
  );
}
