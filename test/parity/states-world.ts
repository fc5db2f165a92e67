/** What the models of states know, and what they say of it. */
import type { FactEvent } from './event-facts-world.ts';
import type { Row } from './growth.ts';
import type { StateTraffic } from './states-traffic.ts';

export interface StateWorld extends StateTraffic {
  /** Distinct accepted events. */
  readonly events: readonly FactEvent[];
  /** Day of the latest watermark, in days since 1970. */
  readonly lastDay: number;
}

export interface Expected {
  readonly query: string;
  readonly rows: readonly Row[];
}
