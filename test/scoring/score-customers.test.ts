import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectedPurchases, fitBgNbd } from '../../src/scoring/bg-nbd.ts';
import type { BgNbd } from '../../src/scoring/bg-nbd.ts';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { words } from './score-world.ts';

interface Result {
  readonly run: { readonly rows: number; readonly score_psi: number | null };
  readonly purchases: { readonly parameters: BgNbd; readonly converged: boolean };
  readonly value: {
    readonly parameters: { readonly p: number; readonly q: number; readonly v: number };
  };
  readonly horizonDays: number;
  readonly expectedMargin: number;
  readonly segments: readonly { readonly customers: number }[];
}

interface Customer {
  readonly id: string;
  readonly repeats: number;
  readonly last: number;
  readonly age: number;
  readonly mean: number;
}

const CUSTOMERS = readFileSync(
  new URL('../fixtures/cdnow/calibration.csv', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .slice(1)
  .map((line): Customer => {
    const [id = '', ...numbers] = line.split(',');
    const [repeats = 0, last = 0, age = 0, mean = 0] = numbers.map(Number);
    return { id, repeats, last, age, mean };
  });
const END = Date.UTC(1997, 8, 30);
const DAY_MS = 86_400_000;

let clickhouse: TestClickHouse;
let folder: string;
const score = (...argv: string[]) =>
  tidemark(['score', ...argv], { CLICKHOUSE_URL: clickhouse.url, TIDEMARK_DATA_DIR: folder });

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-customers-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

test('without order lines it ends with 1 and says what to do', async () => {
  const { status, stderr } = await score('customers');
  expect(status).toBe(1);
  expect(stderr).toContain('there are no order lines yet');
});

test('before anybody has come back nothing can be said, and it says so', async () => {
  await store(CUSTOMERS.map((customer) => ({ ...customer, repeats: 0, last: 0 })));
  const { status, stderr } = await score('customers');
  expect(status).toBe(1);
  // Only complete days count: the last one less the lookback, exclusive.
  expect(stderr).toContain('none of 2357 customers has bought on a second day before 1997-09-28');
});

test('the CDNOW customers get the model of the papers, and values that follow from it', async () => {
  await store(CUSTOMERS);
  const { status, stdout, stderr } = await score(
    ...words('customers --as-of 1997-10-01 --horizon-days 273 --json'),
  );
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('days from 1997-09-28 on are not complete');
  const { run, purchases, value, horizonDays, expectedMargin } = JSON.parse(stdout) as Result;
  expect(run.rows).toBe(2357);
  expect(purchases.converged).toBe(true);
  // The snapshot is the day after the last one, so everybody is a day older than in the paper.
  const { parameters: own } = await fitBgNbd({
    repeats: Float64Array.from(CUSTOMERS, ({ repeats }) => repeats),
    lastAt: Float64Array.from(CUSTOMERS, ({ last }) => last),
    age: Float64Array.from(CUSTOMERS, ({ age }) => age + 1),
    weights: new Float64Array(CUSTOMERS.length).fill(1),
  });
  expect(purchases.parameters.r).toBeCloseTo(own.r, 8);
  expect(purchases.parameters.alpha).toBeCloseTo(own.alpha, 5);
  expect(purchases.parameters.r).toBeCloseTo(0.243, 2);
  expect(purchases.parameters.alpha / 7 / 4.414).toBeCloseTo(1, 1);
  expect(value.parameters.p).toBeCloseTo(6.25, 2);
  expect(value.parameters.q).toBeCloseTo(3.74, 2);
  expect(value.parameters.v).toBeCloseTo(15.44, 2);

  const rows = await clickhouse.rows('SELECT * FROM latest_customer_scores ORDER BY customer_id');
  const known = new Map(CUSTOMERS.map((customer) => [customer.id, customer]));
  const { p, q, v } = value.parameters;
  let total = 0;
  for (const row of rows) {
    const { repeats, last, age, mean } = known.get(String(row['customer_id']))!;
    const history = { repeats, lastAt: last, age: age + 1 };
    const expected = expectedPurchases(purchases.parameters, history, horizonDays);
    expect(row['expected_purchases']).toBeCloseTo(expected, 8);
    const worth = (p * (v + repeats * mean)) / (p * repeats + q - 1);
    expect(row['expected_value']).toBeCloseTo(worth, 3);
    expect(row['cltv_predicted']).toBeCloseTo(expected * Number(row['expected_value']) * 0.6, 6);
    total += Number(row['cltv_predicted']);
  }
  expect(rows).toHaveLength(2357);
  expect(total).toBeCloseTo(expectedMargin, 4);
});

test('behaviour, segment and churn are those of the customer table on the same day', async () => {
  const [compared] = await clickhouse.rows(`
SELECT
    count() AS customers,
    countIf(
        s.rfm_segmentation != k.rfm_segmentation
        OR s.is_churned != k.is_churned
        OR s.churn_risk_group != k.churn_risk_group
        OR s.recency_days != k.recency_days
        OR s.tenure_days != k.tenure_days
        OR s.frequency != k.frequency
        OR abs(s.monetary - toFloat64(k.monetary)) > 1e-6
        OR s.as_of != k.snapshot_date
    ) AS different
FROM latest_customer_scores AS s
FULL JOIN obt_customer_kpis_and_segmentation AS k ON k.customer_id = s.customer_id`);
  expect(compared).toEqual({ customers: 2357, different: 0 });
  const [predicted] = await clickhouse.rows(`
SELECT
    count() AS customers,
    countIf(k.cltv_predicted = s.cltv_predicted AND m.cltv_predicted = s.cltv_predicted) AS same
FROM obt_customer_kpis_and_segmentation AS k
INNER JOIN fct_customer_metrics AS m ON m.customer_id = k.customer_id
INNER JOIN latest_customer_scores AS s ON s.customer_id = k.customer_id`);
  expect(predicted).toEqual({ customers: 2357, same: 2357 });
});

test('an earlier day knows less, and the drift towards it is measured', async () => {
  const { status, stdout, stderr } = await score(
    ...words('customers --as-of 1997-06-01 --no-promote --json'),
  );
  expect(status, stderr).toBe(0);
  const { run } = JSON.parse(stdout) as Result;
  expect(run.rows).toBe(2357);
  expect(run.score_psi).toBeGreaterThan(0);
  const [latest] = await clickhouse.rows('SELECT DISTINCT as_of FROM latest_customer_scores');
  expect(latest).toEqual({ as_of: '1997-10-01' });
  const [drift] = await clickhouse.rows(`
SELECT psi FROM scoring_drift WHERE feature = 'recency_days' AND as_of = '1997-06-01'`);
  expect(drift!['psi']).toBeGreaterThan(0.25);
  const report = await score('customers', '--as-of', '1997-10-01');
  expect(report.stdout).toContain('BG/NBD, in days: r 0.24');
  expect(report.stdout).toMatch(/Champions +\d+ +[\d.]+ % +[\d,]+ +█+/);
});

/** As the processor would: a row per day with a purchase, and how far the stream has come. */
async function store(customers: readonly Customer[]): Promise<void> {
  const rows = customers.flatMap(({ id, repeats, last, age, mean }) => {
    const days = Array.from({ length: repeats }, (_, at) => (at === repeats - 1 ? last : at + 1));
    return [0, ...days].map((day) => ({
      event_date: new Date(END + (day - age) * DAY_MS).toISOString().slice(0, 10),
      customer_id: id,
      source: 'order-lines/0',
      lines: 1,
      parts: [
        {
          invoice_no: `${id}-${day}`,
          country: 'United Kingdom',
          line_kind: 'sale',
          lines: 1,
          units: 1,
          amount: day === 0 ? 20 : mean,
        },
      ],
      version: 1,
    }));
  });
  const { client } = clickhouse;
  await client.command({ query: 'TRUNCATE TABLE customer_day_rows' });
  await client.insert({ table: 'customer_day_rows', values: rows, format: 'JSONEachRow' });
  await client.insert({
    table: 'source_progress_rows',
    values: [
      {
        stream: 'order-lines',
        source: 'order-lines/0',
        next_offset: 1,
        watermark: '1997-09-30 12:00:00',
        last_record_time: '1997-09-30 12:00:00',
        rules_epoch: 1,
      },
    ],
    format: 'JSONEachRow',
  });
}
