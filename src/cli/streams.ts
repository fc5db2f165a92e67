/** What commands know of the streams: their topics, how their records are keyed, what makes their ids. */
import type { Configuration } from '../config/configuration.ts';
import { UsageError } from './exit-status.ts';

export interface StreamFacts {
  readonly name: string;
  /** Which setting names its topic. */
  readonly topic: keyof Configuration['topics'];
  /** The field whose text is the record's key. */
  readonly key: string;
  /** The field that gets a hash of the others where a producer gives none. */
  readonly hashed: string | null;
  /** Whether a record replaces earlier ones of its key. */
  readonly compacted: boolean;
}

export const STREAMS: readonly StreamFacts[] = [
  {
    name: 'app-events',
    topic: 'appEvents',
    key: 'user_id',
    hashed: 'event_id',
    compacted: false,
  },
  {
    name: 'order-lines',
    topic: 'orderLines',
    key: 'customer_id',
    hashed: null,
    compacted: false,
  },
  {
    name: 'user-attributes',
    topic: 'userAttributes',
    key: 'user_id',
    hashed: null,
    compacted: true,
  },
  { name: 'products', topic: 'products', key: 'product_id', hashed: null, compacted: true },
  { name: 'orders', topic: 'orders', key: 'order_id', hashed: null, compacted: true },
  {
    name: 'subscription-plans',
    topic: 'subscriptionPlans',
    key: 'plan_id',
    hashed: null,
    compacted: true,
  },
];

/** Throws a UsageError that names the streams there are. */
export function streamNamed(name: string): StreamFacts {
  const stream = STREAMS.find((each) => each.name === name);
  if (stream !== undefined) return stream;
  const known = STREAMS.map((each) => each.name).join(', ');
  throw new UsageError(`--stream must be one of ${known}, got "${name}"`);
}
