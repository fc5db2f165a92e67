/**
 * A year of a British shop for gifts, 541,909 order lines in one file a day. In: the data set Online
 * Retail. Out: tables in a data folder of their own, and a picture of what they say.
 *
 *   npm run example:retail [-- PATH]
 *
 * PATH is by-day.tar.gz, a folder of CSV files or a CSV file.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.ts';
import { startEmbeddedClickHouse } from '../src/embedded/clickhouse/clickhouse.ts';
import { retailPicture } from './retail-picture.ts';
import type { RetailFigures } from './retail-picture.ts';

const MAPPING = fileURLToPath(new URL('online-retail.json', import.meta.url));
const WHERE_TO_GET_IT = `Say where the data is: npm run example:retail -- PATH
PATH is an archive by-day.tar.gz of CSV files, a folder of them, or one such file, with the columns
InvoiceNo, StockCode, Description, Quantity, InvoiceDate (2010-12-01 08:26:00), UnitPrice, CustomerID, Country.
The data set is Online Retail (D. Chen, 2015, CC BY 4.0): https://doi.org/10.24432/C5BW33
Three days of it are in test/fixtures/online-retail.
`;

const dataDir = process.env['TIDEMARK_DATA_DIR'] ?? '.tidemark/retail';
const environment = { ...process.env, TIDEMARK_DATA_DIR: dataDir };
const { stderr } = process;
const started = performance.now();

const path = process.argv[2] ?? process.env['ONLINE_RETAIL_TAR'] ?? besideTheRepository();
if (!existsSync(path)) {
  stderr.write(`There is no ${path}. ${WHERE_TO_GET_IT}`);
  process.exit(2);
}
const unpacked = mkdtempSync(join(tmpdir(), 'tidemark-retail-'));
process.on('exit', () => rmSync(unpacked, { recursive: true, force: true }));

// The commands below find the server that is running on their folder: it starts once for all of them.
const url = process.env['CLICKHOUSE_URL'];
const server = url === undefined ? await startEmbeddedClickHouse({ dataDir }) : undefined;

const files = filesOf(path);
stderr.write(
  `$ npx tidemark ingest … (${files.length} files) --stream order-lines --map ${MAPPING}\n`,
);
stderr.write(
  await run(['ingest', ...files, '--stream', 'order-lines', '--map', MAPPING, '--json'], tally),
);
stderr.write('$ npx tidemark refresh\n');
await run(['refresh']);
const [figures] = (await run(['sql', figuresQuery(), '--format', 'JSONEachRow'])).split('\n');
process.stdout.write(retailPicture(JSON.parse(figures ?? '') as RetailFigures));
const seconds = (performance.now() - started) / 1000;
stderr.write(`
${seconds.toFixed(1)} s from the files to this picture, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB of memory at most.
Ask more: npx tidemark sql --data-dir ${dataDir} "SELECT * FROM obt_customer_kpis_and_segmentation LIMIT 5"
`);

await server?.close();

function besideTheRepository(): string {
  return fileURLToPath(new URL('../../shared/data/online-retail/by-day.tar.gz', import.meta.url));
}

/** CSV files in the order of their days; an archive is unpacked first. */
function filesOf(given: string): readonly string[] {
  const isFolder = statSync(given).isDirectory();
  if (!isFolder && given.endsWith('.csv')) return [given];
  if (!isFolder) execFileSync('tar', ['xzf', given, '-C', unpacked]);
  const folder = isFolder ? given : unpacked;
  const days = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return days.sort().map((name) => join(folder, name));
}

function tally(printed: string): string {
  const { rows_read: read, ...outcomes } = JSON.parse(printed) as Record<string, number>;
  const said = ['accepted', 'duplicate', 'late', 'future', 'invalid'].map(
    (outcome) => `${outcomes[outcome]} ${outcome}`,
  );
  return `${read} rows: ${said.join(', ')}\n`;
}

/** What the command printed; ends this program where it failed. */
async function run(
  argv: readonly string[],
  shown: (printed: string) => string = (printed) => printed,
): Promise<string> {
  const stdout = new PassThrough();
  const printed = text(stdout);
  const status = await main(argv, { environment, stdout, stderr });
  stdout.end();
  if (status !== 0) process.exit(status);
  return shown(await printed);
}

function figuresQuery(): string {
  return `
SELECT
    (SELECT groupArray((step, lines, amount, agrees)) FROM order_line_reconciliation) AS steps,
    (SELECT groupArray((rfm_segmentation, customers, revenue_pct, avg_recency_days)) FROM (SELECT * FROM dim_rfm_group WHERE customers > 0 ORDER BY customers DESC)) AS segments,
    (SELECT groupArray((churn_risk_group, customers)) FROM dim_churn_group) AS risks,
    (SELECT groupArray((month, revenue, customers)) FROM (SELECT toStartOfMonth(event_date) AS month, sum(e.revenue) AS revenue, max(mau) AS customers FROM customer_engagement_daily AS e GROUP BY month ORDER BY month)) AS months,
    (SELECT groupArray((price_flag, articles)) FROM (SELECT price_flag, count() AS articles FROM product_price_flags GROUP BY price_flag ORDER BY articles DESC)) AS prices,
    k.* EXCEPT computed_at
FROM obt_overall_customer_kpis AS k
SETTINGS output_format_json_quote_64bit_integers = 0`;
}
