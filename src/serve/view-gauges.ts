/** In: how fresh the stored marts are. Out: the metrics that say so. */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface ViewState {
  readonly mart: string;
  /** When it was last known to be up to date, in milliseconds since 1970; null = never. */
  readonly refreshedAt: number | null;
  /** Why the last refresh failed; null = it did not. */
  readonly error: string | null;
}

/** A view that was never up to date has no age. */
export function registerViewGauges(
  registry: Registry,
  views: () => readonly ViewState[],
  now: () => number,
): void {
  new Gauge({
    name: 'tidemark_view_age_seconds',
    help: 'How long ago the stored table was last known to be up to date.',
    labelNames: ['view'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { mart, refreshedAt } of views()) {
        if (refreshedAt !== null) {
          this.set({ view: mart }, Math.max(0, (now() - refreshedAt) / 1000));
        }
      }
    },
  });
  new Gauge({
    name: 'tidemark_view_failed',
    help: 'Whether the last refresh of the stored table failed: 1 or 0.',
    labelNames: ['view'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { mart, error } of views()) this.set({ view: mart }, error === null ? 0 : 1);
    },
  });
}
