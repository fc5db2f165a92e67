/**
 * In: what producers did, in the order of the logs. Out: what the processor has to make of it. Written
 * from the definitions alone, so that it can be held against the processor.
 */
import { Calendar } from '../streams/calendar.ts';
import type { Reason } from '../streams/reasons.ts';
import type { Rules } from '../streams/rules.ts';

export type Outcome = 'accepted' | 'duplicate' | 'late' | 'future' | 'invalid';

export interface ExpectedCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  /** Of future and invalid ones. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** What was done to a record on purpose. */
export type Deed =
  | { readonly kind: 'sound' }
  /** The same event was sent before, and not refused. */
  | { readonly kind: 'repeated' }
  /** The time is further ahead of every clock than the rules allow. */
  | { readonly kind: 'future' }
  | { readonly kind: 'invalid'; readonly reason: Reason };

export class Expectation {
  readonly #calendar: Calendar;
  readonly #lookbackDays: number;
  /** Per log, in microseconds since 1970. */
  readonly #watermarks: number[];
  readonly #counts = { accepted: 0, duplicate: 0, late: 0, future: 0, invalid: 0 };
  readonly #reasons = new Map<Reason, number>();

  /** For logs of which nothing has been read yet. */
  constructor(rules: Pick<Rules, 'timezone' | 'lookbackDays'>, partitions: number) {
    this.#calendar = new Calendar(rules.timezone);
    this.#lookbackDays = rules.lookbackDays;
    this.#watermarks = Array.from({ length: partitions }, () => -Infinity);
  }

  /** The next record of a log; `time` is its event's. */
  next(partition: number, time: number, deed: Deed): Outcome {
    const outcome = this.#decide(partition, time, deed);
    this.#counts[outcome]++;
    return outcome;
  }

  counts(): ExpectedCounts {
    return { ...this.#counts, reasons: Object.fromEntries(this.#reasons) };
  }

  #decide(partition: number, time: number, deed: Deed): Outcome {
    if (deed.kind === 'invalid') return this.#refused('invalid', deed.reason);
    if (deed.kind === 'future') return this.#refused('future', 'future_event');
    const watermark = this.#watermarks[partition]!;
    if (watermark !== -Infinity) {
      const behind = this.#calendar.day(watermark) - this.#calendar.day(time);
      if (behind > this.#lookbackDays) return 'late';
    }
    if (deed.kind === 'repeated') return 'duplicate';
    if (time > watermark) this.#watermarks[partition] = time;
    return 'accepted';
  }

  #refused(outcome: 'invalid' | 'future', reason: Reason): Outcome {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    return outcome;
  }
}
