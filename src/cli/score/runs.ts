/**
 * Runs of scoring in ClickHouse. In: what a run computed. Out: stored, the run's own row last, so that a run
 * that fails is nowhere to be seen; promoted where that was asked for.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Distribution } from '../../scoring/drift.ts';
import { binEdges, distributionOf, stabilityIndex } from '../../scoring/drift.ts';
import { packageVersion } from '../package-version.ts';
import { rowsOf } from '../../warehouse/rows.ts';
import { insertRows } from './rows.ts';

export const MODELS = ['retention-drivers', 'users', 'customers'] as const;
export type ModelName = (typeof MODELS)[number];

/** The name under which the distribution of what a run computed is stored. */
export const SCORE = '(score)';

export interface StoredRun {
  readonly run_id: string;
  readonly model: ModelName;
  readonly as_of: string;
  readonly features: number;
  readonly rows: number;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly data_fingerprint: string;
  readonly max_feature_psi: number | null;
  readonly score_psi: number | null;
}

export interface FeatureDrift {
  readonly feature: string;
  /** Population stability index; null without a run before it. */
  readonly psi: number | null;
}

/** A warning, where days count that may still change. */
export function openDays(asOf: string, completeBefore: string): readonly string[] {
  return asOf > completeBefore
    ? [`days from ${completeBefore} on are not complete: this may come out differently later`]
    : [];
}

/** A run that is being stored. */
export class ScoringRun {
  readonly id: string;
  readonly model: ModelName;
  readonly #client: ClickHouseClient;
  readonly #startedAt = new Date().toISOString();
  readonly #previous: string | null;
  readonly #before: ReadonlyMap<string, Distribution>;
  readonly #drift: FeatureDrift[] = [];

  private constructor(
    client: ClickHouseClient,
    model: ModelName,
    {
      id,
      previous,
      before,
    }: { id: string; previous: string | null; before: ScoringRun['distributionsBefore'] },
  ) {
    this.#client = client;
    this.model = model;
    this.id = id;
    this.#previous = previous;
    this.#before = before;
  }

  /** Drift is measured against the last run of the model with these same parameters, too. */
  static async begin(
    client: ClickHouseClient,
    model: ModelName,
    alike: Readonly<Record<string, unknown>> = {},
  ): Promise<ScoringRun> {
    const [first] = await rowsOf<{ id: string; previous: string | null }>(
      client,
      `
SELECT
    toString(generateUUIDv7()) AS id,
    (
        SELECT toString(argMaxOrNull(run_id, finished_at))
        FROM scoring_runs
        WHERE model = {model: String}
            AND arrayAll((name, value) -> JSONExtractRaw(parameters, name) = value, {names: Array(String)}, {values: Array(String)})
    ) AS previous`,
      {
        model,
        names: Object.keys(alike),
        values: Object.values(alike).map((value) => JSON.stringify(value)),
      },
    );
    const { id, previous } = first!;
    const before = await rowsOf<{ feature: string; edges: number[]; counts: number[] }>(
      client,
      'SELECT feature, edges, counts FROM scoring_drift WHERE run_id = {run: UUID}',
      { run: previous ?? id },
    );
    return new ScoringRun(client, model, {
      id,
      previous,
      before: new Map(before.map(({ feature, edges, counts }) => [feature, { edges, counts }])),
    });
  }

  /** By feature, of the run before. */
  get distributionsBefore(): ReadonlyMap<string, Distribution> {
    return this.#before;
  }

  get drift(): readonly FeatureDrift[] {
    return this.#drift;
  }

  /** Rows of a table of scoring, without their run_id. */
  async insert(
    table: string,
    rows: Iterable<Readonly<Record<string, unknown>>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const ofThis = function* (run_id: string) {
      for (const row of rows) yield { run_id, ...row };
    };
    await insertRows(this.#client, table, ofThis(this.id), signal);
  }

  /** Stores how a feature is distributed, over the bins of the run before where it had the feature. */
  async describe(features: Iterable<readonly [string, Float64Array]>): Promise<void> {
    const rows: Record<string, unknown>[] = [];
    for (const [feature, values] of features) {
      const before = this.#before.get(feature);
      const edges = before?.edges ?? binEdges(values);
      rows.push(this.#drifted(feature, distributionOf(values, edges)));
    }
    await this.insert('scoring_drift_rows', rows);
  }

  /** Stores distributions that were counted elsewhere, over the bins of the run before where it had them. */
  async describeCounted(counted: Iterable<readonly [string, Distribution]>): Promise<void> {
    const rows = [...counted].map(([feature, distribution]) =>
      this.#drifted(feature, distribution),
    );
    await this.insert('scoring_drift_rows', rows);
  }

  #drifted(feature: string, { edges, counts }: Distribution): Record<string, unknown> {
    const before = this.#before.get(feature);
    const index = before === undefined ? NaN : stabilityIndex(before.counts, counts);
    const psi = Number.isNaN(index) ? null : index;
    this.#drift.push({ feature, psi });
    return { feature, edges, counts, psi };
  }

  /** Makes it a finished run. */
  async finish(
    facts: Pick<
      StoredRun,
      'as_of' | 'features' | 'rows' | 'metrics' | 'parameters' | 'data_fingerprint'
    >,
  ): Promise<StoredRun> {
    const features = this.#drift.flatMap(({ feature, psi }) =>
      feature === SCORE || psi === null ? [] : [psi],
    );
    const run: StoredRun = {
      run_id: this.id,
      model: this.model,
      ...facts,
      max_feature_psi: features.length === 0 ? null : Math.max(...features),
      score_psi: this.#drift.find(({ feature }) => feature === SCORE)?.psi ?? null,
    };
    await insertRows(this.#client, 'scoring_run_rows', [
      {
        ...run,
        metrics: JSON.stringify(run.metrics),
        parameters: JSON.stringify(run.parameters),
        started_at: this.#startedAt,
        code_version: packageVersion(),
        previous_run_id: this.#previous,
      },
    ]);
    return run;
  }
}
