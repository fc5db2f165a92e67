/**
 * Whatever decides an outcome or a fold. A processor uses one set of rules from its start to its end;
 * sets are numbered by `epoch` in the order in which they were taken into use.
 */
export interface Rules {
  /** 1, 2, 3, … */
  readonly epoch: number;
  /** IANA name; decides to which calendar day an event belongs. Fixed once a database holds data. */
  readonly timezone: string;
  /** How many calendar days an event may be behind the watermark's day. 0…3650, or Infinity. */
  readonly lookbackDays: number;
  /** How far an event's time may be ahead of its record's time. */
  readonly maxFutureSkewSeconds: number;
  /** Events before this are invalid. Microseconds since 1970. */
  readonly minEventTime: number;
  /** The largest gap between neighbours of one session; a longer one splits. */
  readonly sessionGapSeconds: number;
  readonly eventTypes: EventTypeCatalogue;
  readonly platforms: PlatformList;
  readonly stockCodes: readonly StockCode[];
  /** Whose records are refused, and nothing of them kept. Undefined: nobody's. */
  readonly forgotten?: readonly ForgottenPerson[] | undefined;
  /**
   * Raw events of earlier days are not kept, so events that come for them are late. In days since
   * 1970-01-01; undefined: all are kept.
   */
  readonly eventsFrom?: number | undefined;
}

export interface EventTypeCatalogue {
  /** Closed: a type that is not listed is invalid. Open: it is accepted with the defaults. */
  readonly closed: boolean;
  readonly types: readonly EventType[];
}

export interface EventType {
  readonly name: string;
  /** Other names under which producers send this type. */
  readonly aliases: readonly string[];
  readonly countsAsActive: boolean;
  /** Server-side events neither open nor extend a session. */
  readonly serverSide: boolean;
  /** Whether `miles_amount` is earned, redeemed, or must be absent. */
  readonly miles: 'earned' | 'redeemed' | 'none';
}

export interface PlatformList {
  readonly closed: boolean;
  readonly platforms: readonly { readonly name: string; readonly aliases: readonly string[] }[];
}

/** A code in the place of an SKU that says that an order line is no sale of an article. */
export interface StockCode {
  /** In upper case. */
  readonly code: string;
  readonly lineKind: 'manual' | 'non_product';
}

/** Somebody who is to be forgotten, without saying who it is. */
export interface ForgottenPerson {
  /** The field that names people of this kind. */
  readonly field: PersonField;
  /** `hashBytes` of the id: it says at once of nearly everybody else that they are not meant. */
  readonly hash: number;
  /** SHA-256 of the id, hexadecimal. */
  readonly sha256: string;
}

export type PersonField = 'user_id' | 'customer_id';

/** What an event type is that nobody has said anything about. */
export const DEFAULT_EVENT_TYPE = {
  aliases: [],
  countsAsActive: true,
  serverSide: false,
  miles: 'none',
} as const satisfies Omit<EventType, 'name'>;
