/** What has happened, one row a number: events of a whole run in a few typed arrays, before they get bytes. */

/** What can happen; the position in this list is how an event remembers it. */
export const EVENT_TYPES = [
  'sign_up',
  'page_view',
  'add_to_cart',
  'delete_from_cart',
  'checkout',
  'package_shipped',
  'package_delivered',
  'miles_earned',
  'miles_redeemed',
  'share',
  'like',
  'reward_search',
  'feature_used',
] as const;
export type EventTypeName = (typeof EVENT_TYPES)[number];

export const TYPE = Object.fromEntries(
  EVENT_TYPES.map((name, position) => [name, position]),
) as Readonly<Record<EventTypeName, number>>;

/** No platform, no source, no amount. */
export const NONE = -1;

export interface PlannedEvent {
  /** Microseconds since 1970. */
  readonly time: number;
  /** Number of the user. */
  readonly user: number;
  /** Position in EVENT_TYPES. */
  readonly type: number;
  /** Number of the producer's session, 0 for what a server sends. */
  readonly session: number;
  /** Number of the product, page, order, feature or kind of transaction, whichever the type has. */
  readonly detail: number;
  readonly miles: number;
  /** Positions in the vocabulary, or NONE. */
  readonly platform: number;
  readonly utmSource: number;
}

export class EventColumns {
  length = 0;
  time = new Float64Array(1024);
  user = new Uint32Array(1024);
  type = new Uint8Array(1024);
  session = new Uint32Array(1024);
  detail = new Uint32Array(1024);
  miles = new Int32Array(1024);
  platform = new Int8Array(1024);
  utmSource = new Int8Array(1024);

  push(event: PlannedEvent): void {
    if (this.length === this.time.length) this.#grow();
    const at = this.length++;
    this.time[at] = event.time;
    this.user[at] = event.user;
    this.type[at] = event.type;
    this.session[at] = event.session;
    this.detail[at] = event.detail;
    this.miles[at] = event.miles;
    this.platform[at] = event.platform;
    this.utmSource[at] = event.utmSource;
  }

  #grow(): void {
    const size = this.time.length * 2;
    const grown = <T extends { set(from: T): void }>(larger: T, from: T): T => {
      larger.set(from);
      return larger;
    };
    this.time = grown(new Float64Array(size), this.time);
    this.user = grown(new Uint32Array(size), this.user);
    this.type = grown(new Uint8Array(size), this.type);
    this.session = grown(new Uint32Array(size), this.session);
    this.detail = grown(new Uint32Array(size), this.detail);
    this.miles = grown(new Int32Array(size), this.miles);
    this.platform = grown(new Int8Array(size), this.platform);
    this.utmSource = grown(new Int8Array(size), this.utmSource);
  }
}
