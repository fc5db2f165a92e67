/**
 * `npx tsx bench/rebuild.ts [--events N]`: everything once more from the raw events. In: generated events,
 * ingested. Out: how long folding all days anew and computing every mart take; status 1 when a day differs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { main } from '../src/cli/main.ts';
import { startClickHouse } from './clickhouse.ts';
import { measure } from './measure.ts';
import type { Measured } from './measure.ts';
import { machine } from './report.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '90' },
  },
});
const UNTIL = '2026-03-20T12:00:00Z';
const dayBefore = (days: number): string =>
  new Date(Date.parse(UNTIL) - days * 86_400_000).toISOString().slice(0, 10);

const folder = await mkdtemp(join(tmpdir(), 'tidemark-rebuild-'));
await using clickhouse = await startClickHouse();

async function run(...argv: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const printed = text(stdout);
  const environment = { CLICKHOUSE_URL: clickhouse.url, TIDEMARK_DATA_DIR: folder };
  const status = await main(argv, { environment, stdout, stderr: process.stderr });
  stdout.end();
  if (status !== 0) throw new Error(`${argv[0]} ended with status ${status}`);
  return printed;
}

function line(what: string, { seconds, cpu }: Measured): void {
  const [processor = NaN, server = NaN] = [cpu['processor'], cpu['clickhouse']];
  process.stdout.write(
    `| ${what} | ${seconds.toFixed(1)} | ${processor.toFixed(1)} | ${server.toFixed(1)} |\n`,
  );
}

const measured = (work: () => Promise<unknown>): Promise<Measured> =>
  measure({ processor: process.pid, clickhouse: clickhouse.pid }, async () => {
    await work();
  });

try {
  const file = join(folder, 'events.avro');
  const { events, days } = values;
  await run(
    'generate',
    '--seed',
    '7',
    '--events',
    events,
    '--days',
    days,
    '--until',
    UNTIL,
    '--out',
    file,
  );
  await run('migrate');
  process.stdout.write(
    `${machine()}\n\n| what | seconds | CPU seconds: processor | ClickHouse |\n| --- | --- | --- | --- |\n`,
  );
  line(
    `ingest of ${events} rows`,
    await measured(() => run('ingest', file, '--stream', 'app-events')),
  );
  let summary = '';
  const rebuilt = await measured(async () => {
    summary = await run(
      'reprocess',
      '--from',
      dayBefore(Number(days) + 2),
      '--to',
      dayBefore(-1),
      '--json',
    );
  });
  line('all days folded anew and compared', rebuilt);
  line('all marts', await measured(() => run('refresh', '--full')));
  const { folded, different } = JSON.parse(summary) as { folded: number; different: number };
  process.stdout.write(`${folded} user-days, ${different} different\n`);
  if (different > 0 || folded === 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
