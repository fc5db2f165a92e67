/**
 * A year of a real shop, taken in by `ingest`. In: `by-day.tar.gz` of Online Retail, at the path that
 * ONLINE_RETAIL_TAR says, or beside the repository in ../shared/data/online-retail. Out: the numbers
 * that the literature and a calculation by hand give.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const TAR =
  process.env['ONLINE_RETAIL_TAR'] ??
  join(REPOSITORY, '../shared/data/online-retail/by-day.tar.gz');
const PATIENCE_MS = 240_000;

const there = existsSync(TAR);
if (!there)
  process.stdout.write(`no ${TAR}: the year of a real shop is not tested
`);

describe.skipIf(!there)('a year of a real shop', () => {
  let ch: TestClickHouse;
  let folder: string;

  beforeAll(async () => {
    ch = await testClickHouse();
    folder = await mkdtemp(join(tmpdir(), 'tidemark-online-retail-'));
    const days = join(folder, 'days');
    mkdirSync(days);
    execFileSync('tar', ['xzf', TAR, '-C', days]);
    const files = (await readdir(days)).sort().map((name) => join(days, name));
    const map = join(REPOSITORY, 'examples/online-retail.json');
    const { status, stdout } = await tidemark(
      ['ingest', ...files, '--stream', 'order-lines', '--map', map, '--json'],
      { CLICKHOUSE_URL: ch.url, TIDEMARK_DATA_DIR: folder },
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows_read: 541_909, accepted: 541_909, invalid: 0 });
  }, PATIENCE_MS);
  afterAll(async () => {
    await ch.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('every line is of one kind, and comes out where it belongs', async () => {
    const steps = await ch.rows('SELECT step, lines, agrees FROM order_line_reconciliation');
    expect(steps.map(({ step, lines }) => [step, lines])).toEqual([
      ['rows_in', 541_909],
      ['return', 10_624],
      ['bad_debt', 3],
      ['manual', 470],
      ['non_product', 1_859],
      ['free', 1_164],
      ['incomplete', 131_452],
      ['sale', 396_337],
      ['excluded_country', 301],
      ['rows_out', 396_036],
    ]);
    expect(steps.every(({ agrees }) => agrees === true)).toBe(true);
  });

  test('lines that repeat exactly stay lines of their own', async () => {
    const [row] = await ch.rows(`
      SELECT sum(copies - 1) AS repeats
      FROM
      (
          SELECT count() AS copies
          FROM order_lines
          GROUP BY invoice_no, stock_code, description, quantity, unit_price, invoiced_at, customer_id, country
      )`);
    expect(row).toEqual({ repeats: 5_268 });
  });

  test('customers, orders, revenue and churn', async () => {
    const [row] = await ch.rows('SELECT * FROM obt_overall_customer_kpis');
    expect(row).toMatchObject({
      snapshot_date: '2011-12-10',
      customers: 4_329,
      orders: 18_391,
      lines: 396_036,
      revenue: 8_757_240.33,
      churned_customers: 1_444,
    });
  });

  test('the loose filter of the literature gives the numbers of the literature', async () => {
    const [row] = await ch.rows(`
      SELECT
          count() AS lines,
          uniqExact(customer_id) AS customers,
          uniqExact(invoice_no) AS orders,
          round(sum(amount), 2) AS revenue
      FROM order_lines
      WHERE customer_id IS NOT NULL AND quantity > 0 AND unit_price > 0 AND NOT country_excluded`);
    expect(row).toEqual({
      lines: 397_580,
      customers: 4_333,
      orders: 18_520,
      revenue: 8_907_440.58,
    });
  });

  test('segments', async () => {
    const rows = await ch.rows('SELECT rfm_segmentation, customers FROM dim_rfm_group');
    expect(
      Object.fromEntries(rows.map((row) => [row['rfm_segmentation'], row['customers']])),
    ).toEqual({
      Champions: 941,
      Hibernating: 835,
      'At Risk': 725,
      'Loyal Customers': 507,
      'Potential Loyalists': 483,
      'About to Sleep': 345,
      'Need Attention': 189,
      'Cannot Lose Them': 172,
      Promising: 91,
      'New Customers': 41,
    });
  });

  test('a single customer', async () => {
    const [row] = await ch.rows(
      `SELECT * FROM obt_customer_kpis_and_segmentation WHERE customer_id = '17850'`,
    );
    expect(row).toMatchObject({
      recency_days: 373,
      tenure_days: 374,
      frequency: 34,
      monetary: 5_391.21,
      r_score: 1,
      f_score: 5,
      m_score: 5,
      rfm_segmentation: 'Cannot Lose Them',
      churn_risk_group: 'Churned',
    });
  });
});
