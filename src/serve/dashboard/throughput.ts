/** In: where the partitions are, every ten seconds. Out: how many records were stored meanwhile, for the last hour. */
import type { PartitionState } from '../partition-state.ts';
import { logName } from '../partition-state.ts';

export interface ThroughputSample {
  /** End of the interval, milliseconds since 1970. */
  readonly at: number;
  /** Records of partitions that were read at both ends of it, per second. */
  readonly perSecond: number;
}

const EVERY_MS = 10_000;
const KEPT = 360;

export class Throughput implements Disposable {
  readonly #partitions: () => readonly PartitionState[];
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #committed = new Map<string, number>();
  #at: number;
  #samples: ThroughputSample[] = [];

  /** Samples until it is disposed of. */
  constructor(partitions: () => readonly PartitionState[], now: () => number = Date.now) {
    this.#partitions = partitions;
    this.#now = now;
    this.#at = now();
    this.sample();
    this.#timer = setInterval(() => this.sample(), EVERY_MS).unref();
  }

  /** Looks now instead of waiting for the timer. */
  sample(): void {
    const at = this.#now();
    const committed = new Map<string, number>();
    let records = 0;
    for (const state of this.#partitions()) {
      if (state.committed === null) continue;
      committed.set(logName(state), state.committed);
      const before = this.#committed.get(logName(state));
      if (before !== undefined) records += Math.max(0, state.committed - before);
    }
    const seconds = (at - this.#at) / 1000;
    if (seconds > 0) this.#samples.push({ at, perSecond: records / seconds });
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.#committed = committed;
    this.#at = at;
  }

  samples(): readonly ThroughputSample[] {
    return this.#samples;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
