/**
 * The wiring of `score customers`. In: customers' days in ClickHouse. Out: a stored run: how often each will buy,
 * whether they still do, and what that is worth.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { expectedWhileAlive, fitBgNbd, probabilityAlive } from '../../scoring/bg-nbd.ts';
import type { BgNbd, BgNbdFit } from '../../scoring/bg-nbd.ts';
import { expectedValue, fitGammaGamma } from '../../scoring/gamma-gamma.ts';
import type { GammaGammaFit } from '../../scoring/gamma-gamma.ts';
import { breathing } from './breath.ts';
import { WorkError } from '../exit-status.ts';
import { customerSettings, readCustomers } from './customer-rows.ts';
import type { CustomerRow } from './customer-rows.ts';
import { SCORE, ScoringRun, openDays } from './runs.ts';
import type { FeatureDrift, StoredRun } from './runs.ts';

export interface CustomersResult {
  readonly run: StoredRun;
  readonly purchases: BgNbdFit;
  /** null where too few have bought twice. */
  readonly value: GammaGammaFit | null;
  readonly horizonDays: number;
  /** Of all customers within the horizon, in the shop's currency. */
  readonly expectedMargin: number | null;
  readonly segments: readonly Segment[];
  readonly drift: readonly FeatureDrift[];
  readonly warnings: readonly string[];
}

export interface Segment {
  readonly name: string;
  readonly customers: number;
  readonly probabilityAlive: number;
  readonly expectedMargin: number;
}

/** Fewer say nothing of how values differ between customers. */
const FEWEST_BUYERS = 3;

export async function scoreCustomers(options: {
  readonly client: ClickHouseClient;
  /** Only days before it count; `undefined`: all complete days. */
  readonly asOf: string | undefined;
  /** In days; `undefined`: CLTV_HORIZON_DAYS. */
  readonly horizonDays: number | undefined;
  readonly signal: AbortSignal;
}): Promise<CustomersResult> {
  const { client, signal } = options;
  const settings = await customerSettings(client);
  const { completeBefore, grossMargin } = settings;
  const { asOf = completeBefore, horizonDays = settings.horizonDays } = options;
  const { rows, fingerprint } = await readCustomers(client, asOf, signal);
  if (rows.length === 0) {
    throw new WorkError(
      `no customer has an order before ${asOf}: send order lines (\`tidemark ingest --stream order-lines\`), or give a later --as-of`,
    );
  }
  const buyers = rows.filter(({ behaviour }) => behaviour.repeat_purchase_days > 0);
  if (buyers.length === 0) {
    throw new WorkError(
      `none of ${rows.length} customers has bought on a second day before ${asOf}: nothing says yet how often they come back; wait for repeat purchases`,
    );
  }
  const run = await ScoringRun.begin(client, 'customers');
  const breathe = breathing(signal);
  const histories = {
    repeats: column(rows, ({ behaviour }) => behaviour.repeat_purchase_days),
    lastAt: column(rows, ({ lastAt }) => lastAt),
    age: column(rows, ({ behaviour }) => behaviour.tenure_days),
    weights: new Float64Array(rows.length).fill(1),
  };
  const purchases = await fitBgNbd(histories, breathe);
  const values = {
    purchases: column(buyers, ({ behaviour }) => behaviour.repeat_purchase_days),
    means: column(buyers, meanValue),
  };
  const value = buyers.length < FEWEST_BUYERS ? null : await fitGammaGamma(values, breathe);
  signal.throwIfAborted();
  const ahead = new Ahead(purchases.parameters, horizonDays);
  const scores = rows.map((row): Score => {
    const { repeat_purchase_days: repeats, tenure_days: age } = row.behaviour;
    const alive = probabilityAlive(purchases.parameters, repeats, row.lastAt, age);
    const expected = alive * ahead.whileAlive(repeats, age);
    const worth = value === null ? NaN : expectedValue(value.parameters, repeats, meanValue(row));
    return {
      probability_alive: alive,
      expected_purchases: expected,
      expected_value: worth,
      cltv_predicted: expected * worth * grossMargin,
    };
  });
  await run.insert(
    'customer_score_rows',
    rows.map(({ behaviour }, at) => ({ ...behaviour, ...scores[at] })),
    signal,
  );
  await run.describe([
    ['recency_days', column(rows, ({ behaviour }) => behaviour.recency_days)],
    ['tenure_days', column(rows, ({ behaviour }) => behaviour.tenure_days)],
    ['frequency', column(rows, ({ behaviour }) => behaviour.frequency)],
    ['monetary', column(rows, ({ behaviour }) => behaviour.monetary)],
    [SCORE, Float64Array.from(scores, (score) => score.cltv_predicted)],
  ]);
  const total = scores.reduce((sum, score) => sum + score.cltv_predicted, 0);
  const expectedMargin = Number.isNaN(total) ? null : total;
  const stored = await run.finish({
    as_of: asOf,
    features: 4,
    rows: rows.length,
    metrics: {
      expected_margin: expectedMargin,
      expected_purchases: scores.reduce((sum, score) => sum + score.expected_purchases, 0),
      bg_nbd: { ...purchases.parameters, log_likelihood: purchases.logLikelihood },
      bg_nbd_std_errors: purchases.stdErrors,
      bg_nbd_converged: purchases.converged,
      gamma_gamma:
        value === null ? null : { ...value.parameters, log_likelihood: value.logLikelihood },
      gamma_gamma_std_errors: value?.stdErrors ?? null,
      gamma_gamma_converged: value?.converged ?? null,
    },
    parameters: { horizon_days: horizonDays, gross_margin: grossMargin },
    data_fingerprint: fingerprint,
  });
  return {
    run: stored,
    purchases,
    value,
    horizonDays,
    expectedMargin,
    segments: segmentsOf(rows, scores),
    drift: run.drift,
    warnings: [...warningsOf(purchases, value, expectedMargin), ...openDays(asOf, completeBefore)],
  };
}

/** As the table customer_scores stores it. */
interface Score {
  readonly probability_alive: number;
  readonly expected_purchases: number;
  readonly expected_value: number;
  readonly cltv_predicted: number;
}

function column(rows: readonly CustomerRow[], of: (row: CustomerRow) => number): Float64Array {
  return Float64Array.from(rows, of);
}

/** Of a repeat purchase; 0 without one. */
function meanValue({ behaviour, repeatRevenue }: CustomerRow): number {
  return repeatRevenue / Math.max(behaviour.repeat_purchase_days, 1);
}

/** What a customer who is still there buys depends on few numbers that many share. */
class Ahead {
  readonly #model: BgNbd;
  readonly #days: number;
  readonly #known = new Map<number, number>();

  constructor(model: BgNbd, days: number) {
    this.#model = model;
    this.#days = days;
  }

  whileAlive(repeats: number, age: number): number {
    const key = repeats * 100_000 + age;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const expected = expectedWhileAlive(this.#model, repeats, age, this.#days);
    this.#known.set(key, expected);
    return expected;
  }
}

function segmentsOf(rows: readonly CustomerRow[], scores: readonly Score[]): readonly Segment[] {
  const segments = new Map<string, { customers: number; alive: number; margin: number }>();
  for (const [at, { behaviour }] of rows.entries()) {
    const { probability_alive, cltv_predicted } = scores[at]!;
    const name = behaviour.rfm_segmentation;
    const sums = segments.get(name) ?? { customers: 0, alive: 0, margin: 0 };
    sums.customers++;
    sums.alive += probability_alive;
    sums.margin += cltv_predicted;
    segments.set(name, sums);
  }
  return [...segments]
    .map(([name, { customers, alive, margin }]) => ({
      name,
      customers,
      probabilityAlive: alive / customers,
      expectedMargin: margin,
    }))
    .sort((a, b) => b.expectedMargin - a.expectedMargin || b.customers - a.customers);
}

function warningsOf(
  purchases: BgNbdFit,
  value: GammaGammaFit | null,
  expectedMargin: number | null,
): readonly string[] {
  const warnings: string[] = [];
  if (!purchases.converged) {
    warnings.push(
      'the purchases do not determine all parameters of BG/NBD: take the expectations as rough, and look again with more customers',
    );
  }
  if (value === null) {
    warnings.push('fewer than 3 customers bought on a second day: values cannot be expected yet');
  } else if (!value.converged) {
    warnings.push(
      'the amounts do not determine all parameters of Gamma-Gamma: take the values as rough',
    );
  } else if (expectedMargin === null) {
    warnings.push(
      'the amounts differ so much between customers (q ≤ 1) that who has not bought again has no expected value',
    );
  }
  return warnings;
}
