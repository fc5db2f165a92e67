/** What a check is and what it finds: data that everything about checks speaks of. */

export const KINDS = [
  'unique',
  'not null',
  'accepted values',
  'range',
  'relationship',
  'recency',
  'expression',
  'identity',
  'reconciliation',
] as const;
export type Kind = (typeof KINDS)[number];
export type Severity = 'error' | 'warn';

export interface Check {
  readonly name: string;
  readonly kind: Kind;
  readonly severity: Severity;
  /** What holds of the data as long as the query returns nothing. */
  readonly promise: string;
  readonly remedy: string;
  /** Returns the rows that are not as they should be. */
  readonly query: string;
  /** The same in short, where that is possible: checks of the same rows are asked together. */
  readonly glance?: Glance;
  /** How many such rows are fine. */
  readonly tolerates: number;
  /** Beyond so many rows a warning is an error; undefined: it never is. */
  readonly errorAbove: number | undefined;
  /** Whose days `{from: Date}`, `{to: Date}` and `{settled: Date}` are. */
  readonly stream: DayStream;
  /** Whether it reads stored marts: then they are refreshed before it is said to fail. */
  readonly readsMarts: boolean;
  /** What is wrong with its file; undefined: nothing. */
  readonly fault: string | undefined;
}

export interface Glance {
  /** What follows FROM. */
  readonly rows: string;
  /** An aggregate over them: 0 if, and only if, the check's query returns nothing. */
  readonly faults: string;
}

export type DayStream = 'app-events' | 'order-lines';

/**
 * `ok`: at most as many rows as it tolerates. `skipped`: nothing can be said now. `broken`: the check
 * itself is at fault.
 */
export type Status = 'ok' | 'failed' | 'skipped' | 'broken';

export interface CheckResult extends Pick<Check, 'name' | 'kind' | 'promise' | 'remedy'> {
  /** As it counts: a warning with too many rows is an error. */
  readonly severity: Severity;
  readonly status: Status;
  /** How many rows are not as they should be. */
  readonly failing: number;
  /** The first of them. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Why it is broken or skipped; empty otherwise. */
  readonly reason: string;
  readonly seconds: number;
}

/** What most checks have in common. */
export const USUAL = {
  severity: 'error',
  remedy: '',
  tolerates: 0,
  errorAbove: undefined,
  stream: 'app-events',
  readsMarts: false,
  fault: undefined,
} as const satisfies Partial<Check>;

/** Whether it means that the work is at fault. */
export function isError({ status, severity }: Pick<CheckResult, 'status' | 'severity'>): boolean {
  return status === 'broken' || (status === 'failed' && severity === 'error');
}
