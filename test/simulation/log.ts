/**
 * What is in a simulated log: records as a broker holds them, each with the truth that its bytes
 * were made from. The product sees the bytes, the model sees the truth.
 */
import type { RecordHeader, SourceFault } from '../../src/sources/source.ts';

export interface LogRecord {
  readonly offset: number;
  /** Milliseconds since 1970, or -1. */
  readonly time: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  readonly fault: SourceFault | null;
  readonly truth: Truth;
}

export type Truth =
  | { readonly kind: 'event'; readonly event: SentEvent }
  | { readonly kind: 'broken'; readonly reason: string };

/** The fields of an app event as a producer sent them; those that its schema lacks are null. */
export interface SentEvent {
  readonly event_id: string;
  readonly user_id: string;
  readonly event_type: string;
  /** Microseconds since 1970. */
  readonly event_time: number;
  readonly platform: string | null;
  readonly utm_source: string | null;
  readonly country: string | null;
  readonly transaction_category: string | null;
  readonly miles_amount: number | null;
  readonly producer_session_id: string | null;
  readonly page_url: string | null;
  readonly product_id: string | null;
  readonly order_id: string | null;
  readonly plan_id: string | null;
  readonly feature: string | null;
  readonly properties: Readonly<Record<string, string>>;
}

export const NOTHING_SENT = {
  platform: null,
  utm_source: null,
  country: null,
  transaction_category: null,
  miles_amount: null,
  producer_session_id: null,
  page_url: null,
  product_id: null,
  order_id: null,
  plan_id: null,
  feature: null,
  properties: {},
} as const satisfies Partial<SentEvent>;
