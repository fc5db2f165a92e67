/**
 * In: user-days made by SQL (marts.sql). Out: how long the marts take to be computed, to follow one late
 * event, and to be read. `npx tsx bench/marts.ts`
 */
import { readFile } from 'node:fs/promises';
import { migrate } from '../src/warehouse/migrations.ts';
import { Refresher } from '../src/warehouse/refresher.ts';
import { startClickHouse } from './clickhouse.ts';
import type { BenchClickHouse } from './clickhouse.ts';
import { measure } from './measure.ts';
import { machine } from './report.ts';

const VIEWS = [
  'growth_metrics',
  'social_capital_growth_accounting',
  'quick_ratio_analysis',
  'retention_quality_framework',
  'user_resurrection_analysis',
  'retention_cohorts',
  'retention_cohorts_daily',
  'growth_drivers',
  'miles_analytics',
  'balance_breaches',
];

async function line(clickhouse: BenchClickHouse, what: string, work: () => Promise<void>) {
  const { seconds, cpu } = await measure({ clickhouse: clickhouse.pid }, work);
  const used = (cpu['clickhouse'] ?? 0).toFixed(2);
  process.stdout.write(`| ${what} | ${seconds.toFixed(3)} | ${used} |\n`);
}

await using clickhouse = await startClickHouse();
await migrate(clickhouse.client);
process.stdout.write(`${machine()}\n\n| what | seconds | CPU seconds |\n| --- | --- | --- |\n`);
const fill = await readFile(new URL('marts.sql', import.meta.url), 'utf8');
await line(clickhouse, 'user-days stored', async () => {
  await clickhouse.client.command({
    query: fill,
    clickhouse_settings: {
      send_progress_in_http_headers: 1,
      http_headers_progress_interval_ms: '5000',
    },
  });
});

const refresher = await Refresher.open(clickhouse.client);
const refresh = async () => {
  const failed = (await refresher.refresh()).filter(({ error }) => error !== null);
  if (failed.length > 0)
    throw new Error(failed.map(({ mart, error }) => `${mart}: ${error}`).join());
};
await line(clickhouse, 'all marts from user-days', async () => {
  for (const { mart, rows, seconds, error } of await refresher.refresh({ full: true })) {
    process.stderr.write(`${mart}: ${error ?? `${rows} rows in ${seconds.toFixed(2)} s`}\n`);
  }
});
await line(clickhouse, 'nothing new', refresh);
await clickhouse.run(`
INSERT INTO user_day_rows SELECT * REPLACE (events + 1 AS events, version + 1 AS version)
FROM user_day_rows WHERE event_date = '2025-02-03' LIMIT 1`);
await line(clickhouse, 'one late event', refresh);
for (const view of VIEWS) {
  await line(clickhouse, `SELECT * FROM ${view}`, async () => {
    await clickhouse.text(`SELECT * FROM ${view} LIMIT 4000`);
  });
}
