/**
 * The wiring of `score customers`. In: customers' days in ClickHouse. Out: a stored run: how often each will buy,
 * whether they still do, and what that is worth.
 */
import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { expectedWhileAlive, fitBgNbd, probabilityAlive } from '../scoring/bg-nbd.ts';
import type { BgNbd, BgNbdFit } from '../scoring/bg-nbd.ts';
import { expectedValue, fitGammaGamma } from '../scoring/gamma-gamma.ts';
import type { GammaGammaFit } from '../scoring/gamma-gamma.ts';
import { WorkError } from './exit-status.ts';
import { rowsOf } from './score-rows.ts';
import { SCORE, ScoringRun } from './score-runs.ts';
import type { FeatureDrift, StoredRun } from './score-runs.ts';
import { LONG_QUERY } from './score-table.ts';

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

/** In the order of the query's columns. */
type CustomerRow = readonly [
  customer_id: string,
  recency_days: number,
  tenure_days: number,
  frequency: number,
  monetary: number,
  r_score: number,
  f_score: number,
  m_score: number,
  rfm_segmentation: string,
  is_churned: boolean,
  churn_risk_group: string,
  repeat_days: number,
  last_day: number,
  repeat_revenue: number,
];

const CUSTOMERS = `
SELECT
    k.customer_id,
    k.recency_days,
    k.tenure_days,
    k.frequency,
    toFloat64(k.monetary),
    k.r_score,
    k.f_score,
    k.m_score,
    k.rfm_segmentation,
    k.is_churned,
    k.churn_risk_group,
    p.days - 1,
    p.last_day - p.first_day,
    p.revenue - p.first_revenue
FROM obt_customer_kpis_and_segmentation_as_of(as_of = {as_of: Date}) AS k
INNER JOIN
(
    SELECT
        customer_id,
        count() AS days,
        min(event_date) AS first_day,
        max(event_date) AS last_day,
        sum(toFloat64(d.revenue)) AS revenue,
        argMin(toFloat64(d.revenue), event_date) AS first_revenue
    FROM customer_days AS d
    WHERE event_date < {as_of: Date} AND d.revenue > 0
    GROUP BY customer_id
) AS p ON p.customer_id = k.customer_id
ORDER BY k.customer_id`;

export async function scoreCustomers(options: {
  readonly client: ClickHouseClient;
  /** Only days before it count; `undefined`: all days there are. */
  readonly asOf: string | undefined;
  /** In days; `undefined`: CLTV_HORIZON_DAYS. */
  readonly horizonDays: number | undefined;
  readonly signal: AbortSignal;
}): Promise<CustomersResult> {
  const { client, signal } = options;
  const settings = await settingsOf(client);
  const asOf = options.asOf ?? settings.next_day;
  const horizonDays = options.horizonDays ?? settings.horizon_days;
  const margin = settings.gross_margin;
  const { rows, fingerprint } = await readCustomers(client, asOf, signal);
  if (rows.length === 0) {
    throw new WorkError(
      `no customer has an order before ${asOf}: send order lines (\`tidemark ingest --stream order-lines\`), or give a later --as-of`,
    );
  }
  if (rows.every((row) => row[11] === 0)) {
    throw new WorkError(
      `none of ${rows.length} customers has bought on a second day before ${asOf}: nothing says yet how often they come back; wait for repeat purchases`,
    );
  }
  const run = await ScoringRun.begin(client, 'customers');
  const purchases = fitBgNbd({
    repeats: Float64Array.from(rows, (row) => row[11]),
    lastAt: Float64Array.from(rows, (row) => row[12]),
    age: Float64Array.from(rows, (row) => row[2]),
    weights: new Float64Array(rows.length).fill(1),
  });
  const buyers = rows.filter((row) => row[11] > 0);
  const value =
    buyers.length < 3
      ? null
      : fitGammaGamma({
          purchases: Float64Array.from(buyers, (row) => row[11]),
          means: Float64Array.from(buyers, (row) => row[13] / row[11]),
        });
  signal.throwIfAborted();
  const ahead = new Ahead(purchases.parameters, horizonDays);
  const scores = rows.map((row) => {
    const [repeats, lastDay, revenue] = [row[11], row[12], row[13]];
    const alive = probabilityAlive(purchases.parameters, repeats, lastDay, row[2]);
    const expected = alive * ahead.whileAlive(repeats, row[2]);
    const worth =
      value === null
        ? NaN
        : expectedValue(value.parameters, repeats, revenue / Math.max(repeats, 1));
    return { alive, expected, worth, cltv: expected * worth * margin };
  });
  await run.insert('customer_score_rows', storedRows(rows, scores), signal);
  const column = (of: (row: CustomerRow) => number) => Float64Array.from(rows, of);
  await run.describe([
    ['recency_days', column((row) => row[1])],
    ['tenure_days', column((row) => row[2])],
    ['frequency', column((row) => row[3])],
    ['monetary', column((row) => row[4])],
    [SCORE, Float64Array.from(scores, ({ cltv }) => cltv)],
  ]);
  const total = scores.reduce((sum, { cltv }) => sum + cltv, 0);
  const expectedMargin = Number.isNaN(total) ? null : total;
  const stored = await run.finish({
    as_of: asOf,
    features: 4,
    rows: rows.length,
    metrics: {
      expected_margin: expectedMargin,
      expected_purchases: scores.reduce((sum, { expected }) => sum + expected, 0),
      bg_nbd: { ...purchases.parameters, log_likelihood: purchases.logLikelihood },
      bg_nbd_std_errors: purchases.stdErrors,
      bg_nbd_converged: purchases.converged,
      gamma_gamma:
        value === null ? null : { ...value.parameters, log_likelihood: value.logLikelihood },
      gamma_gamma_std_errors: value?.stdErrors ?? null,
      gamma_gamma_converged: value?.converged ?? null,
    },
    parameters: { horizon_days: horizonDays, gross_margin: margin },
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
    warnings: warningsOf(purchases, value, expectedMargin),
  };
}

interface Score {
  readonly alive: number;
  readonly expected: number;
  readonly worth: number;
  readonly cltv: number;
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

function* storedRows(
  rows: readonly CustomerRow[],
  scores: readonly Score[],
): Generator<Record<string, unknown>> {
  for (const [at, row] of rows.entries()) {
    const { alive, expected, worth, cltv } = scores[at]!;
    yield {
      customer_id: row[0],
      recency_days: row[1],
      tenure_days: row[2],
      frequency: row[3],
      monetary: row[4],
      r_score: row[5],
      f_score: row[6],
      m_score: row[7],
      rfm_segmentation: row[8],
      is_churned: row[9],
      churn_risk_group: row[10],
      repeat_purchase_days: row[11],
      probability_alive: alive,
      expected_purchases: expected,
      expected_value: worth,
      cltv_predicted: cltv,
    };
  }
}

async function settingsOf(client: ClickHouseClient) {
  const [row] = await rowsOf<{ next_day: string; gross_margin: number; horizon_days: number }>(
    client,
    `
SELECT
    toString(last_day + 1) AS next_day,
    (SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'gross_margin') AS gross_margin,
    (SELECT argMax(value, updated_at) FROM view_settings WHERE name = 'cltv_horizon_days') AS horizon_days
FROM stream_watermarks
WHERE stream = 'order-lines'`,
  );
  if (row !== undefined) return row;
  throw new WorkError(
    'there are no order lines yet: send some (`tidemark ingest FILE --stream order-lines`)',
  );
}

async function readCustomers(client: ClickHouseClient, asOf: string, signal: AbortSignal) {
  const hash = createHash('sha256');
  const rows: CustomerRow[] = [];
  const result = await client.query({
    query: CUSTOMERS,
    query_params: { as_of: asOf },
    format: 'JSONCompactEachRow',
    abort_signal: signal,
    clickhouse_settings: { ...LONG_QUERY, output_format_json_quote_64bit_integers: 0 },
  });
  for await (const chunk of result.stream<CustomerRow>()) {
    for (const line of chunk) {
      hash.update(line.text);
      rows.push(line.json());
    }
  }
  return { rows, fingerprint: hash.digest('hex') };
}

function segmentsOf(rows: readonly CustomerRow[], scores: readonly Score[]): readonly Segment[] {
  const segments = new Map<string, { customers: number; alive: number; margin: number }>();
  for (const [at, row] of rows.entries()) {
    const { alive, cltv } = scores[at]!;
    const sums = segments.get(row[8]) ?? { customers: 0, alive: 0, margin: 0 };
    sums.customers++;
    sums.alive += alive;
    sums.margin += cltv;
    segments.set(row[8], sums);
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
