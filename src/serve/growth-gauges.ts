/** In: the last complete day and month. Out: the metrics that say how the number of users changes. */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** A complete day or month. */
export interface GrowthPeriodState {
  /** When it began, in seconds since 1970. */
  readonly start: number;
  readonly activeUsers: number;
  readonly newUsers: number;
  readonly retainedUsers: number;
  readonly resurrectedUsers: number;
  readonly churnedUsers: number;
  /** Null when nobody churned. */
  readonly quickRatio: number | null;
}

export interface GrowthState {
  readonly period: string;
  /** The last complete one, after the one before; fewer where there are none. */
  readonly latest: readonly GrowthPeriodState[];
  readonly brokenIdentities: number;
}

/** Nothing is shown of a period of which none is complete, nor a ratio that there is not. */
export function registerGrowthGauges(
  registry: Registry,
  growth: () => readonly GrowthState[],
): void {
  const gauge = (
    name: string,
    help: string,
    value: (state: GrowthState) => number | null | undefined,
  ) =>
    new Gauge({
      name: `tidemark_${name}`,
      help,
      labelNames: ['period'],
      registers: [registry],
      collect() {
        this.reset();
        for (const state of growth()) {
          const known = value(state) ?? null;
          if (known !== null) this.set({ period: state.period }, known);
        }
      },
    });
  gauge(
    'quick_ratio',
    '(new + resurrected) / churned users of the last complete day or month.',
    ({ latest }) => latest.at(-1)?.quickRatio,
  );
  gauge(
    'previous_quick_ratio',
    'The same of the day or month before that one.',
    ({ latest }) => latest.at(-2)?.quickRatio,
  );
  gauge(
    'active_users',
    'Users who were active in the last complete day or month.',
    ({ latest }) => latest.at(-1)?.activeUsers,
  );
  gauge(
    'complete_period_start_timestamp_seconds',
    'When the last complete day or month began, by its calendar read as UTC.',
    ({ latest }) => latest.at(-1)?.start,
  );
  gauge(
    'growth_identity_broken',
    'Days or months whose users do not add up: active = new + retained + resurrected, and its change = new + resurrected - churned.',
    ({ brokenIdentities }) => brokenIdentities,
  );
  registerChanges(registry, growth);
}

const KINDS = {
  new: 'newUsers',
  retained: 'retainedUsers',
  resurrected: 'resurrectedUsers',
  churned: 'churnedUsers',
} as const;

function registerChanges(registry: Registry, growth: () => readonly GrowthState[]): void {
  new Gauge({
    name: 'tidemark_growth_users',
    help: 'Users of the last complete day or month by what they were: new, retained, resurrected or churned.',
    labelNames: ['period', 'kind'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { period, latest } of growth()) {
        const last = latest.at(-1);
        if (last === undefined) continue;
        for (const [kind, field] of Object.entries(KINDS)) this.set({ period, kind }, last[field]);
      }
    },
  });
}
