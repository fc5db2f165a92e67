import { expect, test } from 'vitest';
import { Metrics } from '../../src/serve/metrics.ts';
import type { ScoringState } from '../../src/serve/scoring-gauges.ts';
import { samples } from './samples.ts';

test('each model shows when it was last computed, and its drift once there is something to compare with', async () => {
  let known: readonly ScoringState[] = [];
  const metrics = new Metrics({
    version: '0',
    commit: 'unknown',
    partitions: () => [],
    scoring: () => known,
  });
  const shown = async () =>
    Object.fromEntries(
      Object.entries(samples(await metrics.text())).filter(([name]) => name.includes('scoring')),
    );
  expect(await shown()).toEqual({});
  known = [
    { model: 'users', lastSuccessAt: 1_800_000_000_500, maxFeaturePsi: null, scorePsi: null },
  ];
  expect(await shown()).toEqual({
    'tidemark_scoring_last_success_timestamp_seconds{model="users"}': 1_800_000_000.5,
  });
  known = [{ model: 'users', lastSuccessAt: 1_800_000_001_000, maxFeaturePsi: 0.3, scorePsi: 0 }];
  expect(await shown()).toEqual({
    'tidemark_scoring_last_success_timestamp_seconds{model="users"}': 1_800_000_001,
    'tidemark_scoring_max_feature_psi{model="users"}': 0.3,
    'tidemark_scoring_score_psi{model="users"}': 0,
  });
});
