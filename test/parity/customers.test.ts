/** The customer marts against plain models: on three days of a real shop, and on lines drawn from a seed. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { seed } from '../support/seed.ts';
import { differences, forgetLines, shopOf, storeLines } from './customer-world.ts';
import { segmentOf } from './customers.ts';
import { onlineRetailLines } from './order-line.ts';
import { randomLines } from './random-lines.ts';

// Many views of many rows: on a busy machine they take their time.
vi.setConfig({ testTimeout: 90_000 });

const DAYS = ['2010-12-22', '2011-06-10', '2011-08-12'];
const MAPPING = fileURLToPath(new URL('../../examples/online-retail.json', import.meta.url));
const fileOf = (day: string) =>
  fileURLToPath(new URL(`../fixtures/online-retail/${day}.csv`, import.meta.url));
const NONE = { differences: [] };
/** That of the segments, and others that read what follows from them. */
const CHECKS = ['rfm-segments-cover-all-cells', 'customer-days-are-their-lines'];

let ch: TestClickHouse;
let folder: string;
beforeAll(async () => {
  ch = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-customers-'));
});
afterAll(async () => {
  await ch.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => forgetLines(ch.client));

const realLines = DAYS.flatMap((day) =>
  onlineRetailLines(readFileSync(fileOf(day), 'utf8'), `file:${day}.csv`),
);

/** Takes in files of the real shop, by the command that people use. */
async function ingest(
  days: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { status, stderr } = await tidemark(
    ['ingest', ...days.map(fileOf), '--stream', 'order-lines', '--map', MAPPING],
    { CLICKHOUSE_URL: ch.url, TIDEMARK_DATA_DIR: folder, ...settings },
  );
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
}

test('three days of a real shop give what the definitions say, as of every day', async () => {
  const { client } = ch;
  await ingest(DAYS);
  const shop = shopOf(realLines);
  const found = await differences(ch, client, shop);
  expect(found).toMatchObject(NONE);
  expect(found.cells).toBeGreaterThan(5_000);
  for (const asOf of ['2010-12-22', '2011-06-11']) {
    expect(await differences(ch, client, shop, asOf)).toMatchObject(NONE);
  }
});

test('files in another order, one at a time with a snapshot in between, end the same', async () => {
  const { client } = ch;
  for (const day of DAYS.toReversed()) {
    await ingest([day]);
    await ch.rows('SELECT * FROM obt_customer_kpis_and_segmentation', client);
  }
  await ingest(DAYS);
  expect(await differences(ch, client, shopOf(realLines))).toMatchObject(NONE);
});

test('rows that were stored twice count once, and a longer day replaces a shorter one', async () => {
  const { client } = ch;
  await storeLines(client, realLines.slice(0, 200));
  await storeLines(client, realLines);
  await storeLines(client, realLines);
  expect(await differences(ch, client, shopOf(realLines))).toMatchObject(NONE);
});

test('without any line there is no customer, no day, and nothing to divide by', async () => {
  const { client } = ch;
  const [row] = await ch.rows('SELECT * EXCEPT computed_at FROM obt_overall_customer_kpis', client);
  expect(row).toMatchObject({ customers: 0, orders: 0, aov_order: null, repeat_ratio: null });
  const counts = await ch.rows(
    `SELECT
        (SELECT count() FROM obt_customer_kpis_and_segmentation) AS customers,
        (SELECT count() FROM customer_engagement_daily) AS days,
        (SELECT sum(customers) FROM dim_rfm_group) AS grouped,
        (SELECT sum(lines) FROM order_line_reconciliation) AS lines`,
    client,
  );
  expect(counts).toEqual([{ customers: 0, days: 0, grouped: 0, lines: 0 }]);
});

test('each of the 125 cells of scores belongs to one segment, that of the definitions', async () => {
  const cells = await ch.rows('SELECT * FROM rfm_segment_cells ORDER BY r_score, f_score, m_score');
  const scores = [1, 2, 3, 4, 5];
  expect(cells).toEqual(
    scores.flatMap((r) =>
      scores.flatMap((f) =>
        scores.map((m) => ({
          r_score: r,
          f_score: f,
          m_score: m,
          segments: [segmentOf(r, f, m)],
        })),
      ),
    ),
  );
});

test('an unknown customer is NULL, and a country is there as written and in one spelling', async () => {
  const { client } = ch;
  await storeLines(client, randomLines(seed));
  const lines = await ch.rows(
    `SELECT customer_id, country, mapped_country, country_excluded, amount
    FROM order_lines
    WHERE invoice_no IN ('i1', 'i10', 'i18') AND stock_code = 'mug'
    ORDER BY invoice_no`,
    client,
  );
  expect(lines).toEqual([
    {
      customer_id: 'two-countries',
      country: 'EIRE',
      mapped_country: 'Ireland',
      country_excluded: false,
      amount: 6.3,
    },
    {
      customer_id: 'nowhere',
      country: 'Unspecified',
      mapped_country: 'Unspecified',
      country_excluded: true,
      amount: 6.3,
    },
    {
      customer_id: null,
      country: 'United Kingdom',
      mapped_country: 'United Kingdom',
      country_excluded: false,
      amount: 6.3,
    },
  ]);
});

// From here on tests leave other settings behind.
test('lines of any kind give what the definitions say, whatever the settings', async () => {
  const { client } = ch;
  const draws = [0, 1].map((draw) => randomLines(seed + draw));
  const check = async (settings: Parameters<typeof shopOf>[1]) => {
    for (const lines of draws) {
      await forgetLines(client);
      await storeLines(client, lines);
      const shop = shopOf(lines, settings);
      expect(await differences(ch, client, shop)).toMatchObject(NONE);
    }
    const [lines = []] = draws;
    await forgetLines(client);
    await storeLines(client, lines);
    expect(await differences(ch, client, shopOf(lines, settings), '2021-01-05')).toMatchObject(
      NONE,
    );
  };
  await check({});
  await ingest(DAYS.slice(0, 1), { GROSS_MARGIN: '0.25', CHURN_DAYS: '45', RFM_MODE: 'quantile' });
  await client.command({
    query: `INSERT INTO countries (name, country, excluded) VALUES
      ('France', 'French Republic', true), ('Unspecified', 'Unspecified', false)`,
  });
  await check({
    grossMargin: 0.25,
    churnDays: 45,
    rfmMode: 'quantile',
    excluded: ['European Community', 'France'],
  });
});

test('a hole in the segments is found by the check, and whoever falls into it is Unknown', async () => {
  const { client } = ch;
  const check = () =>
    tidemark(['check', '--json', ...CHECKS], {
      CLICKHOUSE_URL: ch.url,
      TIDEMARK_DATA_DIR: folder,
    });
  expect((await check()).status).toBe(0);
  // Scores of 1/1/1 to 2/2/2 belong to nobody then.
  await client.command({
    query: `INSERT INTO rfm_segments (rfm_segmentation, part, r_from, r_to, f_from, f_to, m_from, m_to)
      VALUES ('Hibernating', 1, 1, 0, 1, 2, 1, 2)`,
  });
  const { status, stdout } = await check();
  const failing = (JSON.parse(stdout) as { name: string; failing: number }[]).filter(
    (each) => each.failing > 0,
  );
  expect({ status, failing }).toMatchObject({
    status: 1,
    failing: [{ name: 'rfm-segments-cover-all-cells', failing: 8 }],
  });
  await storeLines(client, realLines);
  const [row] = await ch.rows(
    `SELECT
        countIf(rfm_segmentation = 'Unknown') AS unknown,
        countIf(r_score <= 2 AND f_score <= 2 AND m_score <= 2) AS expected
    FROM obt_customer_kpis_and_segmentation`,
  );
  expect(row?.['unknown']).toBe(row?.['expected']);
  expect(row?.['unknown']).toBeGreaterThan(0);
});
