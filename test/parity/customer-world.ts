/** A database whose customer marts are compared with the plain models. In: order lines. Out: what differs. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { compareRows } from './compare.ts';
import type { Shop } from './customers.ts';
import { customerDays, customerKpis } from './customers.ts';
import {
  engagement,
  groups,
  overallKpis,
  priceFlags,
  reconciliation,
  repeatPurchases,
} from './customer-totals.ts';
import type { Row } from './growth.ts';
import type { PlainLine } from './order-line.ts';
import { customerDayRows, dateOf, orderLineRows } from './order-line.ts';
import { dateOfDay, dayOfDate, groupBy } from './user-day.ts';

/** What comes with the software, in the words of the definitions. */
export const SEEDED: Omit<Shop, 'lines' | 'lastDay'> = {
  spellings: { EIRE: 'Ireland', RSA: 'South Africa', USA: 'United States' },
  excluded: ['European Community', 'Unspecified'],
  grossMargin: 0.6,
  churnDays: 90,
  rfmMode: 'ntile',
};

/** As a processor stores them that has accepted all of them. */
export async function storeLines(
  client: ClickHouseClient,
  lines: readonly PlainLine[],
): Promise<void> {
  const insert = (table: string, values: readonly Row[]) =>
    client.insert({ table, values, format: 'JSONEachRow' });
  await insert('order_lines_rows', orderLineRows(lines));
  await insert('customer_day_rows', customerDayRows(lines));
  const progress = [...groupBy(lines, ({ source }) => source)].map(([source, those]) => ({
    stream: 'order-lines',
    source,
    next_offset: those.length,
    watermark: those.map(({ time }) => time).reduce((a, b) => (a > b ? a : b)),
    accepted: those.length,
    rules_epoch: 1,
  }));
  await insert('source_progress_rows', progress);
}

export async function forgetLines(client: ClickHouseClient): Promise<void> {
  for (const table of ['order_lines_rows', 'customer_day_rows', 'source_progress_rows']) {
    await client.command({ query: `TRUNCATE TABLE ${table}` });
  }
}

export const shopOf = (
  lines: readonly PlainLine[],
  settings: Partial<typeof SEEDED> = {},
): Shop => ({
  ...SEEDED,
  ...settings,
  lines,
  lastDay: lines.map(dateOf).reduce((a, b) => (a > b ? a : b)),
});

/** Every difference between the customer marts and their models; with `asOf`, of the `_as_of` views. */
export async function differences(
  ch: TestClickHouse,
  client: ClickHouseClient,
  shop: Shop,
  asOf?: string,
): Promise<{ readonly cells: number; readonly differences: readonly string[] }> {
  const day = asOf ?? dateOfDay(dayOfDate(shop.lastDay) + 1);
  const pair = (name: string) => (asOf === undefined ? name : `${name}_as_of(as_of = '${asOf}')`);
  const kpis = customerKpis(shop, day);
  const tables: [query: string, model: readonly Row[]][] = [
    [`FROM ${pair('obt_customer_kpis_and_segmentation')} ORDER BY customer_id`, kpis],
    [`FROM ${pair('obt_overall_customer_kpis')}`, overallKpis(shop, day)],
    [`FROM ${pair('repeat_purchase_kpis')}`, repeatPurchases(shop, day)],
    ...[
      ['dim_rfm_group', 'rfm_segmentation', 'scores, description'],
      [
        'dim_cltv_group',
        'cltv_profit_segmentation',
        'description, min_cltv_historic, max_cltv_historic',
      ],
      ['dim_churn_group', 'churn_risk_group', 'up_to_days, description'],
    ].map(([name = '', key = '', others = '']): [string, Row[]] => [
      `EXCEPT (${others}) FROM ${pair(name)} WHERE customers > 0 ORDER BY ${key}`,
      groups(shop, day, key),
    ]),
  ];
  if (asOf === undefined) {
    const metrics = await ch.rows(
      "SELECT name FROM system.columns WHERE table = 'fct_customer_metrics' AND name != 'computed_at' AND database = currentDatabase()",
      client,
    );
    const columns = metrics.map(({ name }) => String(name));
    tables.push(
      ['FROM fct_customer_metrics ORDER BY customer_id', kpis.map((row) => only(row, columns))],
      ['EXCEPT updated_at FROM customer_days ORDER BY event_date, customer_id', customerDays(shop)],
      ['FROM order_line_reconciliation', reconciliation(shop)],
      ['EXCEPT is_complete FROM customer_engagement_daily ORDER BY event_date', engagement(shop)],
      [
        'EXCEPT (description, first_invoiced_at, last_invoiced_at) FROM product_price_flags ORDER BY stock_code',
        priceFlags(shop),
      ],
    );
  }
  const compared = await Promise.all(
    tables.map(async ([query, model]) => {
      const rows = await ch.rows(`SELECT * EXCEPT computed_at ${query}`, client);
      const found = compareRows(rows, model);
      return { ...found, differences: found.differences.map((text) => `${query}: ${text}`) };
    }),
  );
  return {
    cells: compared.reduce((all, { cells }) => all + cells, 0),
    differences: compared.flatMap((each) => each.differences),
  };
}

const only = (row: Row, columns: readonly string[]): Row =>
  Object.fromEntries(columns.map((name) => [name, row[name]]));
