/** In: what the last run of all checks found. Out: the metrics that say so. */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface CheckState {
  readonly check: string;
  /** `error` or `warn`. */
  readonly severity: string;
  /** Rows beyond what the check tolerates; 1 for a check that could not be run; 0 = it holds. */
  readonly failures: number;
  /** When the run began, in milliseconds since 1970. */
  readonly at: number;
}

/** Without any run there is neither. */
export function registerCheckGauges(registry: Registry, checks: () => readonly CheckState[]): void {
  new Gauge({
    name: 'tidemark_check_failures',
    help: 'Rows that the last stored run of tidemark check found not to be as they should; 1 for a check that could not be run.',
    labelNames: ['check', 'severity'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { check, severity, failures } of checks()) {
        this.set({ check, severity }, failures);
      }
    },
  });
  new Gauge({
    name: 'tidemark_check_last_run_timestamp_seconds',
    help: 'When the last stored run of tidemark check began, in seconds since 1970.',
    registers: [registry],
    collect() {
      this.remove();
      const [first] = checks();
      if (first !== undefined) this.set(first.at / 1000);
    },
  });
}
