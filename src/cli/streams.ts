/** The streams there are, and what commands know of each: its topic, how its records are keyed, what makes their ids. */
import type { Configuration } from '../config/configuration.ts';
import { appEvents } from '../streams/app-events.ts';
import type { IdField } from '../streams/identity.ts';
import { orderLines } from '../streams/order-lines.ts';
import { states } from '../streams/states.ts';
import type { Stream } from '../streams/stream.ts';
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
  /** What is made of its records. `avsc`: their schema, parsed. */
  readonly open: (avsc: object) => Stream;
}

export const STREAMS: readonly StreamFacts[] = [
  {
    name: 'app-events',
    topic: 'appEvents',
    key: 'user_id',
    hashed: 'event_id',
    compacted: false,
    open: appEvents,
  },
  {
    name: 'order-lines',
    topic: 'orderLines',
    key: 'customer_id',
    hashed: null,
    compacted: false,
    open: orderLines,
  },
  stateStream('user-attributes', 'userAttributes', 'user_id', 'user_attribute_rows'),
  stateStream('products', 'products', 'product_id', 'product_rows'),
  stateStream('orders', 'orders', 'order_id', 'order_rows', ['customer_id']),
  stateStream('subscription-plans', 'subscriptionPlans', 'plan_id', 'subscription_plan_rows'),
];

function stateStream(
  name: string,
  topic: StreamFacts['topic'],
  key: IdField,
  table: string,
  ids: readonly IdField[] = [],
): StreamFacts {
  const open = (avsc: object): Stream => states({ name, table, key, ids }, avsc);
  return { name, topic, key, hashed: null, compacted: true, open };
}

/** Throws a UsageError that names the streams there are. */
export function streamNamed(name: string): StreamFacts {
  const stream = STREAMS.find((each) => each.name === name);
  if (stream !== undefined) return stream;
  const known = STREAMS.map((each) => each.name).join(', ');
  throw new UsageError(`--stream must be one of ${known}, got "${name}"`);
}
