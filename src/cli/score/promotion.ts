/** Which run is in use. In: a run and a rule. Out: promoted or not, and why. */
import type { ClickHouseClient } from '@clickhouse/client';
import { WorkError } from '../exit-status.ts';
import { rowsOf } from '../../warehouse/rows.ts';
import { insertRows } from './rows.ts';
import type { ModelName, StoredRun } from './runs.ts';

export interface PromotedRun {
  readonly run_id: string;
  readonly as_of: string;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The run of the model that is in use. */
export async function promotedRun(
  client: ClickHouseClient,
  model: ModelName,
): Promise<PromotedRun | undefined> {
  const [row] = await rowsOf<{
    run_id: string;
    as_of: string;
    metrics: string;
    parameters: string;
  }>(
    client,
    'SELECT run_id, as_of, metrics, parameters FROM scoring_runs WHERE is_promoted AND model = {model: String}',
    { model },
  );
  if (row === undefined) return undefined;
  const { run_id, as_of, metrics, parameters } = row;
  return {
    run_id,
    as_of,
    metrics: JSON.parse(metrics) as Record<string, unknown>,
    parameters: JSON.parse(parameters) as Record<string, unknown>,
  };
}

/** From now on it is the run in use. Throws a WorkError when no run that finished has this id. */
export async function promote(
  client: ClickHouseClient,
  runId: string,
  reason: string,
): Promise<ModelName> {
  const [run] = await rowsOf<{ model: ModelName }>(
    client,
    'SELECT model FROM scoring_runs WHERE toString(run_id) = {run: String}',
    { run: runId },
  );
  if (run === undefined) {
    throw new WorkError(
      `no finished run has the id "${runId}": \`tidemark score runs\` lists them`,
    );
  }
  await insertRows(client, 'scoring_promotion_rows', [{ model: run.model, run_id: runId, reason }]);
  return run.model;
}

export interface PromotionRule {
  readonly always: boolean;
  /** The AUC may be so much below that of the run in use; `undefined`: no later run is promoted. */
  readonly notWorseThan: number | undefined;
}

export interface Promotion {
  readonly promoted: boolean;
  /** For a person. */
  readonly said: string;
}

/** The first run of a model is promoted by any rule. */
export async function promoteByRule(
  client: ClickHouseClient,
  run: StoredRun,
  { always, notWorseThan }: PromotionRule,
): Promise<Promotion> {
  const yes = async (reason: string): Promise<Promotion> => {
    await promote(client, run.run_id, reason);
    return { promoted: true, said: `promoted: ${reason}` };
  };
  const no = (reason: string): Promotion => {
    const how = `\`tidemark score promote ${run.run_id}\` promotes it`;
    return { promoted: false, said: `not promoted: ${reason}; ${how}` };
  };
  if (always) return yes('as asked for');
  const inUse = await promotedRun(client, run.model);
  if (inUse === undefined) return yes('it is the first one');
  if (notWorseThan === undefined) return no(`run ${inUse.run_id} is in use`);
  const [now, before] = [aucOf(run.metrics), aucOf(inUse.metrics)];
  if (before === null) return yes(`run ${inUse.run_id} in use has no AUC to compare with`);
  if (now === null) return no('it has no AUC to compare');
  const compared = `AUC ${now.toFixed(4)} against ${before.toFixed(4)} of run ${inUse.run_id}`;
  return now >= before - notWorseThan ? yes(compared) : no(compared);
}

export interface ListedRun {
  readonly run_id: string;
  readonly model: ModelName;
  readonly as_of: string;
  readonly finished_at: string;
  readonly rows: number;
  readonly auc: number | null;
  readonly max_feature_psi: number | null;
  readonly score_psi: number | null;
  readonly is_promoted: boolean;
}

/** The latest first. */
export async function listRuns(
  client: ClickHouseClient,
  limit: number,
): Promise<readonly ListedRun[]> {
  return rowsOf<ListedRun>(
    client,
    `
SELECT
    run_id,
    model,
    as_of,
    finished_at,
    rows,
    JSONExtract(metrics, 'auc', 'Nullable(Float64)') AS auc,
    max_feature_psi,
    score_psi,
    is_promoted
FROM scoring_runs
ORDER BY finished_at DESC
LIMIT {limit: UInt64}`,
    { limit },
  );
}

function aucOf(metrics: Readonly<Record<string, unknown>>): number | null {
  return typeof metrics['auc'] === 'number' ? metrics['auc'] : null;
}
