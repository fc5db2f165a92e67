/** The wiring of `score retention-drivers`. In: users in ClickHouse. Out: a stored run, and what it found. */
import type { ClickHouseClient } from '@clickhouse/client';
import { z } from 'zod';
import { retentionDrivers } from '../../scoring/retention-drivers.ts';
import type { Drivers } from '../../scoring/retention-drivers.ts';
import { breathing } from './breath.ts';
import { WorkError } from '../exit-status.ts';
import { planFeatures, platformFeatures, targetOf, usersWith } from './features.ts';
import type { Feature, FeatureChoice } from './features.ts';
import {
  LAST_COLUMN_DAY,
  countPeople,
  engagementColumns,
  horizonOf,
  nobodyYet,
} from './population.ts';
import { SCORE, ScoringRun, openDays } from './runs.ts';
import type { FeatureDrift, StoredRun } from './runs.ts';
import { readNumbers } from './table.ts';

export interface RetentionOptions {
  readonly client: ClickHouseClient;
  readonly choice: FeatureChoice;
  /** Only days before it count; `undefined`: all complete days. */
  readonly asOf: string | undefined;
  readonly l2: number;
  readonly seed: number;
  readonly impactThreshold: number;
  readonly signal: AbortSignal;
}

export interface RetentionResult {
  readonly run: StoredRun;
  readonly drivers: Drivers;
  /** Features with an odds ratio per standard deviation or per unit that is far enough from 1. */
  readonly impact: readonly string[];
  readonly drift: readonly FeatureDrift[];
  /** Level of the platform that the others are compared with; null without the platform. */
  readonly reference: string | null;
  /** What a reader must know. */
  readonly warnings: readonly string[];
}

/** What `score users` needs to make the same features again. */
const retentionParameters = z.object({
  features: z.array(z.string()),
  feature_days: z.tuple([z.number(), z.number()]),
  target_days: z.tuple([z.number(), z.number()]),
  platform_levels: z.array(z.string()),
});
type RetentionParameters = z.output<typeof retentionParameters>;

/** Of a run that was stored. */
export function retentionParametersOf(stored: unknown): RetentionParameters {
  return retentionParameters.parse(stored);
}

export async function scoreRetention(options: RetentionOptions): Promise<RetentionResult> {
  const { client, choice, l2, seed, impactThreshold, signal } = options;
  const plan = planFeatures(choice, await engagementColumns(client));
  const { asOf, completeBefore, retention } = await horizonOf(client, options.asOf);
  const targetDays = choice.targetDays ?? retention;
  const lastDay = Math.max(LAST_COLUMN_DAY, choice.featureDays.to, targetDays.to);
  const source = `${usersWith(plan, lastDay)} AND ${targetOf(choice)} IS NOT NULL`;
  const people = await countPeople(client, source, plan, asOf);
  if (people.rows === 0) throw await nobodyYet(client, lastDay, asOf, completeBefore);
  if (people.retained === 0 || people.retained === people.rows) {
    const all = people.retained === 0 ? 'none' : 'every one';
    throw new WorkError(
      `of ${people.rows} users with complete windows ${all} was active on days ${targetDays.from} to ${targetDays.to}: ` +
        'there is nothing to tell them apart by; choose other days with --target-days, or wait for more users',
    );
  }
  const [reference = null, ...levels] = people.levels;
  const features: readonly Feature[] = [...plan.features, ...platformFeatures(levels)];
  const names = features.map(({ name }) => name);
  const table = await readNumbers(client, {
    query: `SELECT\n    ${[
      `assumeNotNull(toFloat64(${targetOf(choice)}))`,
      ...features.map(({ expression }) => `ifNull(${expression}, nan)`),
    ].join(',\n    ')}\n${source}\nORDER BY u.user_id`,
    parameters: { as_of: asOf },
    names: ['target', ...names],
    expectedRows: people.rows,
    signal,
  });
  const made: RetentionParameters = {
    features: [...plan.features.map(({ name }) => name), ...(plan.platform ? ['platform'] : [])],
    feature_days: [choice.featureDays.from, choice.featureDays.to],
    target_days: [targetDays.from, targetDays.to],
    platform_levels: levels,
  };
  // The same question: without a list the features are those that there are, more from time to time.
  const asked = {
    asked_features: choice.features,
    target_days: made.target_days,
    feature_days: made.feature_days,
  };
  const run = await ScoringRun.begin(client, 'retention-drivers', asked);
  const drivers = await retentionDrivers(
    { features: names, ...table },
    { l2, seed, breathe: breathing(signal) },
  );
  signal.throwIfAborted();
  await store(run, { drivers, names, values: table.values });
  const impact = drivers.coefficients
    .slice(1)
    .filter((coefficient) => hasImpact(coefficient, impactThreshold))
    .map(({ feature }) => feature);
  const stored = await run.finish({
    as_of: asOf,
    features: names.length,
    rows: table.rows,
    metrics: metricsOf(drivers),
    parameters: {
      ...made,
      ...asked,
      platform_reference: reference,
      l2,
      seed,
      impact_threshold: impactThreshold,
    },
    data_fingerprint: table.fingerprint,
  });
  const warnings = [...warningsOf(drivers), ...openDays(asOf, completeBefore)];
  return { run: stored, drivers, impact, drift: run.drift, reference, warnings };
}

async function store(
  run: ScoringRun,
  data: {
    readonly drivers: Drivers;
    readonly names: readonly string[];
    readonly values: Float64Array;
  },
): Promise<void> {
  const { drivers, names, values } = data;
  await run.insert(
    'scoring_coefficient_rows',
    drivers.coefficients.map((one, position) => ({
      feature: one.feature,
      position,
      coefficient: one.coefficient,
      std_error: one.stdError,
      p_value: one.pValue,
      odds_ratio_per_unit: one.oddsRatioPerUnit,
      odds_ratio_per_sd: one.oddsRatioPerSd,
      ci_low: one.ciLow,
      ci_high: one.ciHigh,
      mean: one.mean,
      std_deviation: one.deviation,
    })),
  );
  await run.insert(
    'scoring_calibration_rows',
    (drivers.heldOut?.calibration ?? []).map((bin, at) => ({ bin: at + 1, ...bin })),
  );
  const stride = names.length + 1;
  const columns = function* (): Generator<readonly [string, Float64Array]> {
    const column = new Float64Array(drivers.rows);
    for (const [at, name] of names.entries()) {
      for (let row = 0; row < column.length; row++) column[row] = values[row * stride + at + 1]!;
      yield [name, column];
    }
    yield [SCORE, drivers.probabilities];
  };
  await run.describe(columns());
}

function warningsOf({ converged, heldOut }: Drivers): string[] {
  const warnings: string[] = [];
  if (!converged) {
    warnings.push(
      'no maximum of the likelihood was found: do not rely on the coefficients; leave features out, or give --l2 1',
    );
  }
  if (heldOut === null) {
    warnings.push(
      'a class has fewer than 5 users: nobody was held out, so nothing is said of how good it is',
    );
  }
  return warnings;
}

function hasImpact(
  { oddsRatioPerUnit, oddsRatioPerSd }: { oddsRatioPerUnit: number; oddsRatioPerSd: number },
  threshold: number,
): boolean {
  return [oddsRatioPerUnit, oddsRatioPerSd].some(
    (ratio) => ratio >= threshold || ratio <= 1 / threshold,
  );
}

function metricsOf(drivers: Drivers): Record<string, unknown> {
  const { heldOut } = drivers;
  return {
    base_rate: drivers.baseRate,
    log_likelihood: drivers.logLikelihood,
    null_log_likelihood: drivers.nullLogLikelihood,
    pseudo_r2: drivers.pseudoR2,
    p_value: drivers.pValue,
    iterations: drivers.iterations,
    converged: drivers.converged,
    held_out_rows: heldOut?.rows ?? 0,
    held_out_base_rate: heldOut?.baseRate ?? null,
    auc: heldOut?.auc ?? null,
    log_loss: heldOut?.logLoss ?? null,
    brier: heldOut?.brier ?? null,
    accuracy: heldOut?.accuracy ?? null,
    dropped: drivers.dropped,
    imputed: drivers.imputed,
  };
}
