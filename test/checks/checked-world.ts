/** In: a seed. Out: a database with seeded traffic and what it refers to, taken in and refreshed as by anybody. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check, CheckResult } from '../../src/checks/check.ts';
import { allChecks } from '../../src/checks/all-checks.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { readConfiguration } from '../../src/config/configuration.ts';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

const UNTIL = '2026-03-20T12:00:00Z';
/** Settled, and one of the last days. */
export const DAY = '2026-03-10';

export interface CheckedWorld extends AsyncDisposable {
  readonly ch: TestClickHouse;
  /** Temporary; removed at the end. */
  readonly folder: string;
  readonly checks: readonly Check[];
  run(): Promise<readonly CheckResult[]>;
  runOf(checks: readonly Check[]): Promise<readonly CheckResult[]>;
  change(query: string): Promise<void>;
}

export async function checkedWorld(seed: number): Promise<CheckedWorld> {
  const ch = await testClickHouse();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-checks-'));
  const run = async (...argv: string[]) => {
    const { status, stderr } = await tidemark(argv, {
      CLICKHOUSE_URL: ch.url,
      TIDEMARK_DATA_DIR: folder,
      LOG_LEVEL: 'silent',
    });
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  };
  const ingest = async (stream: string, rows: readonly object[]) => {
    const path = join(folder, `${stream}.ndjson`);
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    await run('ingest', path, '--stream', stream);
  };
  const traffic = join(folder, 'traffic.ndjson');
  const amount = ['--seed', String(seed), '--events', '4000', '--days', '75'];
  await run('generate', ...amount, '--until', UNTIL, '--out', traffic);
  await run('ingest', traffic, '--stream', 'app-events');
  const updated_at = '2026-01-01T00:00:00Z';
  const named = async (column: string, more: object) =>
    (await ch.rows(`SELECT DISTINCT ${column} FROM events WHERE ${column} IS NOT NULL`)).map(
      (row) => ({ ...row, updated_at, ...more }),
    );
  const users = await ch.rows(
    "SELECT user_id, concat(toString(min(event_date)), 'T00:00:00Z') AS created_at FROM events GROUP BY user_id",
  );
  const home = { updated_at, city: 'Lund', state: 'Skåne', country: 'SE' };
  await ingest(
    'user-attributes',
    users.map((user) => ({ ...user, ...home })),
  );
  await ingest('products', await named('product_id', { name: 'Fern', price: 2 }));
  await ingest(
    'subscription-plans',
    await named('plan_id', { name: 'Plan', price: 9, period: 'month' }),
  );
  await ingest('orders', await named('order_id', ORDER));
  await ingest('order-lines', LINES);
  await run('refresh');

  const { freshness } = readConfiguration({ environment: {} }).checks;
  const checks = await allChecks({ client: ch.client, freshness, folder: undefined });
  const runOf = (some: readonly Check[]) =>
    runChecks({
      client: ch.client,
      checks: some,
      from: undefined,
      to: undefined,
      days: 30,
      signal: new AbortController().signal,
    });
  return {
    ch,
    folder,
    checks,
    run: () => runOf(checks),
    runOf,
    async change(query) {
      await ch.client.command({ query });
    },
    async [Symbol.asyncDispose]() {
      await ch.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const ORDER = {
  customer_id: 'ann',
  ordered_at: '2026-01-01T00:00:00Z',
  status: 'delivered',
  order_cost: 5,
  shipping_cost: 1,
  order_total: 6,
  delivered_at: '2026-01-03T00:00:00Z',
};

const line = (line_id: string, customer_id: string, day: string, quantity: number) => ({
  line_id,
  invoice_no: `${quantity < 0 ? 'C' : ''}${line_id}`,
  customer_id,
  stock_code: 'mug',
  description: 'Mug',
  quantity,
  unit_price: 2.5,
  invoiced_at: `${day}T10:00:00Z`,
  country: 'Sweden',
});
const LINES = [
  line('1', 'ann', '2026-01-05', 3),
  line('2', 'ann', DAY, 1),
  line('3', 'bob', DAY, 2),
  line('4', 'bob', '2026-03-12', -1),
];
