/** The wiring of `score users`. In: the promoted coefficients. Out: a probability per user, all made by ClickHouse. */
import type { ClickHouseClient } from '@clickhouse/client';
import { WorkError } from '../exit-status.ts';
import { planFeatures, platformFeatures, usersWith } from './features.ts';
import { LAST_COLUMN_DAY, engagementColumns, horizonOf } from './population.ts';
import { retentionParametersOf } from './retention.ts';
import { promotedRun } from './promotion.ts';
import { rowsOf } from '../../warehouse/rows.ts';
import { SCORE, ScoringRun, openDays } from './runs.ts';
import type { FeatureDrift, StoredRun } from './runs.ts';
import { LONG_QUERY } from './table.ts';

export interface UsersResult {
  readonly run: StoredRun;
  readonly drift: readonly FeatureDrift[];
  /** The run whose coefficients were used. */
  readonly modelRun: string;
  readonly warnings: readonly string[];
}

interface StoredCoefficient {
  readonly feature: string;
  readonly coefficient: number;
  readonly mean: number | null;
}

/** Bins of the first run's probabilities. */
const TENTHS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** Every user whose feature days are complete. Throws a WorkError without a promoted model, or without such users. */
export async function scoreUsers(options: {
  readonly client: ClickHouseClient;
  readonly asOf: string | undefined;
  readonly signal: AbortSignal;
}): Promise<UsersResult> {
  const { client, signal } = options;
  const model = await promotedRun(client, 'retention-drivers');
  if (model === undefined) {
    throw new WorkError(
      'there is no promoted model to score users with: run `tidemark score retention-drivers` first',
    );
  }
  const parameters = retentionParametersOf(model.parameters);
  const { asOf, completeBefore } = await horizonOf(client, options.asOf);
  const plan = planFeatures(
    {
      features: parameters.features,
      featureDays: { from: parameters.feature_days[0], to: parameters.feature_days[1] },
      targetDays: null,
    },
    await engagementColumns(client),
  );
  const coefficients = await rowsOf<StoredCoefficient>(
    client,
    'SELECT feature, coefficient, mean FROM scoring_coefficients WHERE run_id = {run: UUID} ORDER BY position',
    { run: model.run_id },
  );
  const expressions = new Map(
    [...plan.features, ...platformFeatures(parameters.platform_levels)].map(
      ({ name, expression }) => [name, expression],
    ),
  );
  const intercept = coefficients.find(({ feature }) => feature === '(intercept)')!;
  const used = coefficients.filter((one) => one !== intercept);
  const values = used.map(
    ({ feature, mean }) => `ifNull(${expressions.get(feature)}, ${mean ?? 0})`,
  );
  const logOdds = [
    String(intercept.coefficient),
    ...used.map(({ coefficient }, at) => `(${coefficient}) * features[${at + 1}]`),
  ].join(' + ');
  const lastDay = Math.max(LAST_COLUMN_DAY, plan.choice.featureDays.to);
  const users = `
SELECT
    u.user_id AS user_id,
    [${values.join(', ')}]::Array(Float64) AS features,
    1 / (1 + exp(-(${logOdds}))) AS probability
${usersWith(plan, lastDay)}`;
  const run = await ScoringRun.begin(client, 'users');
  await client.command({
    query: `INSERT INTO user_score_rows (run_id, user_id, probability)\nSELECT {run: UUID}, user_id, probability FROM (${users})`,
    query_params: { run: run.id, as_of: asOf },
    abort_signal: signal,
    clickhouse_settings: LONG_QUERY,
  });
  const edges = new Map([
    ...(await edgesOf(client, model.run_id)),
    [SCORE, TENTHS] as const,
    ...[...run.distributionsBefore].map(([feature, before]) => [feature, before.edges] as const),
  ]);
  const facts = await look(client, { users, used, edges, asOf });
  if (facts.rows === 0) {
    throw new WorkError(
      `no user has a complete first week before ${asOf} yet (days before ${completeBefore} are complete): wait, or give a later --as-of`,
    );
  }
  await run.describeCounted(facts.distributions);
  const stored = await run.finish({
    as_of: asOf,
    features: used.length,
    rows: facts.rows,
    metrics: { mean_probability: facts.mean },
    parameters: { model_run_id: model.run_id },
    data_fingerprint: facts.fingerprint,
  });
  const warnings = openDays(asOf, completeBefore);
  return { run: stored, drift: run.drift, modelRun: model.run_id, warnings };
}

/** Of the bins that the model's own users were counted in. */
async function edgesOf(
  client: ClickHouseClient,
  run: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await rowsOf<{ feature: string; edges: number[] }>(
    client,
    'SELECT feature, edges FROM scoring_drift WHERE run_id = {run: UUID}',
    { run },
  );
  return new Map(rows.map(({ feature, edges }) => [feature, edges]));
}

/** How the features and probabilities are distributed, and their fingerprint. */
async function look(
  client: ClickHouseClient,
  asked: {
    readonly users: string;
    readonly used: readonly StoredCoefficient[];
    readonly edges: ReadonlyMap<string, readonly number[]>;
    readonly asOf: string;
  },
) {
  const { users, used, edges, asOf } = asked;
  const bins = [...used.map(({ feature }) => feature), SCORE].map(
    (name) => [name, edges.get(name) ?? []] as const,
  );
  const counts = bins.map(([name, ends], at) => {
    const value = name === SCORE ? 'probability' : `features[${at + 1}]`;
    const bin = `arrayCount(edge -> ${value} > edge, ${floats(ends)})`;
    return `sumForEach(arrayMap(at -> toUInt64(at = ${bin}), range(${ends.length + 1}))) AS counts_${at}`;
  });
  const [row] = await rowsOf<
    { rows: number; mean: number; fingerprint: string } & Record<string, number[]>
  >(
    client,
    `
SELECT
    count() AS rows,
    avg(probability) AS mean,
    lower(hex(sum(reinterpretAsUInt128(sipHash128(user_id, features))))) AS fingerprint,
    ${counts.join(',\n    ')}
FROM (${users})`,
    { as_of: asOf },
  );
  const { rows, mean, fingerprint } = row!;
  const distributions = bins.map(
    ([name, ends], at) => [name, { edges: ends, counts: row![`counts_${at}`]! }] as const,
  );
  return { rows, mean, fingerprint, distributions };
}

function floats(values: readonly number[]): string {
  return `[${values.join(', ')}]::Array(Float64)`;
}
