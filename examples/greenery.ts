/**
 * A shop in four files. In: the folder greenery beside this file. Out: tables in a data folder of their
 * own, and a picture of what they say.
 *
 *   npm run example:greenery
 */
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '../src/cli/main.ts';
import { greeneryPicture } from './greenery-picture.ts';
import type { GreeneryFigures } from './greenery-picture.ts';

const FILES = [
  ['user-attributes', 'greenery/users.csv', 'greenery-users.json'],
  ['products', 'greenery/products.csv', 'greenery-products.json'],
  ['orders', 'greenery/orders.csv', 'greenery-orders.json'],
  ['app-events', 'greenery/events.csv.gz', 'greenery-events.json'],
] as const;

const dataDir = process.env['TIDEMARK_DATA_DIR'] ?? '.tidemark/greenery';
const environment = { ...process.env, TIDEMARK_DATA_DIR: dataDir };
const { stderr } = process;

for (const [stream, file, mapping] of FILES) {
  const argv = ['ingest', here(file), '--stream', stream, '--map', here(mapping)];
  stderr.write(
    `$ npx tidemark ingest examples/${file} --stream ${stream} --map examples/${mapping}\n`,
  );
  stderr.write(await run(argv));
}
stderr.write('$ npx tidemark refresh\n');
await run(['refresh']);
const [figures] = (await run(['sql', figuresQuery(), '--format', 'JSONEachRow'])).split('\n');
process.stdout.write(greeneryPicture(JSON.parse(figures ?? '') as GreeneryFigures));
stderr.write(
  `\nAsk more: npx tidemark sql --data-dir ${dataDir} "SELECT * FROM fct_page_views LIMIT 5"\n`,
);

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** What the command printed; ends this program where it failed. */
async function run(argv: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const printed = text(stdout);
  const status = await main(argv, { environment, stdout, stderr });
  stdout.end();
  if (status !== 0) process.exit(status);
  return printed;
}

function figuresQuery(): string {
  const funnel = ['page_view', 'add_to_cart', 'checkout', 'package_shipped'];
  return `
SELECT
    (SELECT count() FROM user_attributes) AS users,
    (SELECT countIf(status = 'active') FROM active_and_inactive_user) AS active_users,
    (SELECT count() FROM sessions) AS sessions,
    (
        -- As if every event type, those of the warehouse too, opened and extended a session.
        SELECT sum(1 + arrayCount(gap -> gap > 1800000000, arrayDifference(times)))
        FROM (SELECT arraySort(groupArray(toUnixTimestamp64Micro(event_time))) AS times FROM events GROUP BY user_id)
    ) AS sessions_of_all_types,
    (SELECT count() FROM fct_producer_sessions) AS producer_sessions,
    (SELECT groupArray((toUnixTimestamp(hour), orders)) FROM (SELECT toStartOfHour(ordered_at) AS hour, count() AS orders FROM fct_orders GROUP BY hour ORDER BY hour)) AS orders_by_hour,
    (SELECT groupArray((toUnixTimestamp(hour), started)) FROM (SELECT toStartOfHour(started_at) AS hour, count() AS started FROM fct_producer_sessions GROUP BY hour ORDER BY hour)) AS sessions_by_hour,
    [${funnel.map((type) => `('${type}', (SELECT countIf(cnt_${type}_events > 0) FROM fct_producer_sessions))`).join(', ')}] AS funnel,
    (SELECT groupArray((name, price, views)) FROM (SELECT any(product_name) AS name, any(product_price)::Float64 AS price, count() AS views FROM fct_page_views WHERE product_id IS NOT NULL GROUP BY product_id ORDER BY views DESC, name LIMIT 5)) AS products,
    k.* EXCEPT computed_at
FROM order_kpis AS k
SETTINGS output_format_json_quote_64bit_integers = 0`;
}
