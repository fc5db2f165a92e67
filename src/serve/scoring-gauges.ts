/** In: when each model was last computed, and how far the world has moved since. Out: the metrics that say so. */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

export interface ScoringState {
  readonly model: string;
  /** When its last run finished, in milliseconds since 1970. */
  readonly lastSuccessAt: number;
  /** Population stability index of the feature that moved most since the run before; null without one. */
  readonly maxFeaturePsi: number | null;
  /** That of the scores. */
  readonly scorePsi: number | null;
}

/** A model that was never run is not shown. */
export function registerScoringGauges(
  registry: Registry,
  models: () => readonly ScoringState[],
): void {
  const gauge = (name: string, help: string, value: (state: ScoringState) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers: [registry],
      collect() {
        this.reset();
        for (const state of models()) {
          const shown = value(state);
          if (shown !== null) this.set({ model: state.model }, shown);
        }
      },
    });
  gauge(
    'tidemark_scoring_last_success_timestamp_seconds',
    'When the last run of the model finished, in seconds since 1970.',
    ({ lastSuccessAt }) => lastSuccessAt / 1000,
  );
  gauge(
    'tidemark_scoring_max_feature_psi',
    'Population stability index of the feature that moved most between the last two runs of the model; above 0.25 it should be fitted anew.',
    ({ maxFeaturePsi }) => maxFeaturePsi,
  );
  gauge(
    'tidemark_scoring_score_psi',
    'Population stability index of the scores between the last two runs of the model.',
    ({ scorePsi }) => scorePsi,
  );
}
