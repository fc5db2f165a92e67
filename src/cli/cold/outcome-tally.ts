/** In: what a processor commits of a log. Out: how many records met which outcome, and why. */
import type { OutcomeCount } from '../../processor/observer.ts';
import type { ProgressLine } from '../../warehouse/store.ts';

/** The numbers of records by outcome; `reasons` divides `future` and `invalid`. */
export interface Outcomes {
  readonly rows_read: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  readonly reasons: Readonly<Record<string, number>>;
}

const COUNTED = ['accepted', 'duplicate', 'late', 'future', 'invalid'] as const;

export class OutcomeTally {
  /** Where the log was taken up last; null before it was. */
  resumed: ProgressLine | null = null;
  readonly #counts = { accepted: 0, duplicate: 0, late: 0, future: 0, invalid: 0 };
  readonly #reasons = new Map<string, number>();

  add({ outcome, reason, count }: OutcomeCount): void {
    if (outcome === 'skipped' || count === 0) return;
    this.#counts[outcome] += count;
    if (reason !== '') this.addReason(reason, count);
  }

  /** Says why of records that are counted already. */
  addReason(reason: string, count: number): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }

  get outcomes(): Outcomes {
    const counts = this.#counts;
    return {
      rows_read: COUNTED.reduce((sum, outcome) => sum + counts[outcome], 0),
      ...counts,
      reasons: Object.fromEntries([...this.#reasons].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}

export function sumOfOutcomes(all: readonly Outcomes[]): Outcomes {
  const tally = new OutcomeTally();
  for (const outcomes of all) {
    for (const outcome of COUNTED) tally.add({ outcome, reason: '', count: outcomes[outcome] });
    for (const [reason, count] of Object.entries(outcomes.reasons)) tally.addReason(reason, count);
  }
  return tally.outcomes;
}

/** `10 rows = 7 accepted + 2 duplicate + 1 invalid`, and the reasons below it. */
export function outcomesInWords(outcomes: Outcomes): string {
  const counted = COUNTED.filter((outcome) => outcome === 'accepted' || outcomes[outcome] > 0);
  const sum = counted.map((outcome) => `${outcomes[outcome].toLocaleString('en')} ${outcome}`);
  return [
    `${outcomes.rows_read.toLocaleString('en')} rows = ${sum.join(' + ')}`,
    ...Object.entries(outcomes.reasons).map(
      ([reason, count]) => `  ${reason}: ${count.toLocaleString('en')}`,
    ),
  ].join('\n');
}
