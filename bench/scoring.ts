/**
 * In: users' first weeks and customers' days made by SQL (scoring.sql). Out: how long `score` takes from
 * ClickHouse to stored coefficients and scores, and the memory of this process, in which it runs.
 * `npx tsx bench/scoring.ts`
 */
import { readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from '../src/cli/main.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { WideColumns } from '../src/warehouse/wide-columns.ts';
import { startClickHouse } from './clickhouse.ts';
import { measure } from './measure.ts';
import { peakMemory } from './process-usage.ts';
import { machine } from './report.ts';

const USERS = 1_000_000;
const CUSTOMERS = 100_000;

await using clickhouse = await startClickHouse();
await migrate(clickhouse.client);
const fill = await readFile(new URL('scoring.sql', import.meta.url), 'utf8');
await clickhouse.run(
  fill.replaceAll('{users}', String(USERS)).replaceAll('{customers}', String(CUSTOMERS)),
);
await (await WideColumns.open(clickhouse.client)).refresh();
process.stdout.write(
  `${machine()}\n\n| what | seconds | CPU s: this process | ClickHouse | peak MiB so far |\n| --- | --- | --- | --- | --- |\n`,
);

const counts = Array.from({ length: 23 }, (_, type) => `cnt_bench_${type}_events_f7d`);
await line(`retention drivers of ${USERS} users, 25 features`, [
  'retention-drivers',
  '--features',
  [...counts, 'platform'].join(),
]);
await line(`probabilities of ${USERS} users`, ['users']);
await line(`values of ${CUSTOMERS} customers`, ['customers']);

async function line(what: string, argv: readonly string[]): Promise<void> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(stdout), text(stderr)]);
  const pids = { own: process.pid, clickhouse: clickhouse.pid };
  const { seconds, cpu } = await measure(pids, async () => {
    const environment = { CLICKHOUSE_URL: clickhouse.url };
    process.exitCode = await main(['score', ...argv], { environment, stdout, stderr });
  });
  stdout.end();
  stderr.end();
  const [out, err] = await said;
  process.stderr.write(`${out}\n${err}\n`);
  const own = (cpu['own'] ?? 0).toFixed(1);
  const server = (cpu['clickhouse'] ?? 0).toFixed(1);
  const memory = Math.round(peakMemory(process.pid));
  process.stdout.write(`| ${what} | ${seconds.toFixed(1)} | ${own} | ${server} | ${memory} |\n`);
}
