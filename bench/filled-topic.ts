/** What every way of the benchmark is given to catch up with. */
import type { Traffic } from './traffic.ts';

export interface FilledTopic {
  readonly broker: string;
  /** The broker's process on this machine, whose CPU time is counted, where it is one. */
  readonly brokerPid: number | undefined;
  readonly topic: string;
  /** Records in it. */
  readonly events: number;
  /** What was sent, to check results with. */
  readonly traffic: Traffic;
}
