/**
 * In: user-days made by SQL (marts.sql). Out: how long the marts take to be computed, to follow late
 * events and a steady stream, and to be read; and what they need of memory. `npx tsx bench/marts.ts`, with
 * `--users 25000` for a quarter of everything.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ClickHouseClient } from '@clickhouse/client';
import { openClickHouse } from '../src/warehouse/clickhouse-client.ts';
import { migrate } from '../src/warehouse/migrations.ts';
import { Refresher } from '../src/warehouse/refresher.ts';
import { startClickHouse } from './clickhouse.ts';
import { measure } from './measure.ts';
import type { Measured } from './measure.ts';
import { machine } from './report.ts';

const DAY = '2025-03-05';
const QUERIES = [
  ...[
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
  ].map((view) => `SELECT * FROM ${view} LIMIT 4000`),
  'SELECT event_date, count(), sum(events) FROM user_days GROUP BY event_date',
  'SELECT event_date, count(), avg(duration_seconds) FROM sessions GROUP BY event_date',
  `SELECT * FROM fct_events WHERE event_date = '${DAY}'`,
];
const { values } = parseArgs({ options: { users: { type: 'string', default: '100000' } } });
const users = Number(values.users);
/** The same number of users begin, and are there, on every day. */
const STEADY = { usersPerDay: users / 500, before: 60, life: 60 };
const SILENT_AT_MOST_MS = 600_000;

await using clickhouse = await startClickHouse();
await using client = openClickHouse({ url: clickhouse.url, requestTimeoutMs: SILENT_AT_MOST_MS });
const fill = await readFile(new URL('marts.sql', import.meta.url), 'utf8');
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function line(what: string, { seconds, cpu }: Measured, more = ''): void {
  const used = (cpu['clickhouse'] ?? 0).toFixed(2);
  process.stdout.write(`| ${what} | ${seconds.toFixed(3)} | ${used} | ${more} |\n`);
}
const measured = (work: () => Promise<void>) => measure({ clickhouse: clickhouse.pid }, work);

async function run(query: string, on: ClickHouseClient = client, query_params = {}) {
  await on.command({
    query,
    query_params,
    clickhouse_settings: {
      send_progress_in_http_headers: 1,
      http_headers_progress_interval_ms: '5000',
    },
  });
}

async function refresh(refresher: Refresher, full = false): Promise<void> {
  for (const { mart, rows, seconds, error } of await refresher.refresh({ full })) {
    if (error !== null) throw new Error(`${mart}: ${error}`);
    if (full) process.stderr.write(`${mart}: ${rows} rows in ${seconds.toFixed(2)} s\n`);
  }
}

/** The most memory, in MiB, that all queries together held while this was done. */
async function peakOfQueries(work: () => Promise<void>): Promise<number> {
  let peak = 0;
  let done = false;
  const watching = (async () => {
    while (!done) {
      const query = 'SELECT sum(memory_usage) FROM system.processes';
      peak = Math.max(peak, await clickhouse.number(query));
      await sleep(50);
    }
  })();
  try {
    await work();
  } finally {
    done = true;
    await watching;
  }
  return peak / 2 ** 20;
}

/** One more event for a twentieth of the users of a day, others every time. */
const oneMoreEvent = (day: string, round: number, which = '= 0') => `
INSERT INTO user_day_rows
SELECT * REPLACE (events + 1 AS events, version + 1 AS version)
FROM user_day_rows FINAL
WHERE event_date = '${day}' AND cityHash64(user_id, ${round}) % 20 ${which}`;

/** Seconds of a refresh of a steady stream, after so many days of it. */
async function steadyStream(days: number): Promise<number> {
  const name = `steady_${days}`;
  await run(`CREATE DATABASE ${name} ENGINE = Atomic`);
  const url = new URL(`/${name}`, clickhouse.url).href;
  const steady = openClickHouse({ url, requestTimeoutMs: SILENT_AT_MOST_MS });
  try {
    await migrate(steady);
    const { before, life } = STEADY;
    const spread = days + before;
    await run(fill, steady, { users: STEADY.usersPerDay * spread, days, spread, before, life });
    const refresher = await Refresher.open(steady);
    await refresh(refresher);
    const lastDay = new Date(Date.UTC(2025, 0, days)).toISOString().slice(0, 10);
    const rounds: Measured[] = [];
    for (let round = 0; round < 7; round++) {
      await run(oneMoreEvent(lastDay, round), steady);
      rounds.push(await measured(() => refresh(refresher)));
    }
    const seconds = median(rounds.map((each) => each.seconds));
    const cpu = { clickhouse: median(rounds.map((each) => each.cpu['clickhouse'] ?? NaN)) };
    line(`a refresh of a steady stream after ${days} days, median of 7`, { seconds, cpu });
    return seconds;
  } finally {
    await steady.close();
    await run(`DROP DATABASE ${name} SYNC`);
  }
}

await migrate(client);
process.stdout.write(
  `${machine()}\n\n| what | seconds | CPU seconds | |\n| --- | --- | --- | --- |\n`,
);
const quarter = { users, days: 90, spread: 60, before: 0, life: 90 };
line('user-days stored', await measured(() => run(fill, client, quarter)));

const refresher = await Refresher.open(client);
let peak = 0;
const full = await measured(async () => {
  peak = await peakOfQueries(() => refresh(refresher, true));
});
line('all marts from user-days', full, `${Math.round(peak)} MiB at most`);
line('nothing new', await measured(() => refresh(refresher)));
const late: Measured[] = [];
for (let round = 0; round < 5; round++) {
  const first = `(SELECT min(user_id) FROM user_day_rows WHERE event_date = '2025-02-03' AND cityHash64(user_id, ${round}) % 20 = 0)`;
  await run(oneMoreEvent('2025-02-03', round, `= 0 AND user_id = ${first}`));
  late.push(await measured(() => refresh(refresher)));
}
line('one late event, median of 5', {
  seconds: median(late.map(({ seconds }) => seconds)),
  cpu: { clickhouse: median(late.map(({ cpu }) => cpu['clickhouse'] ?? NaN)) },
});

await run(`
INSERT INTO events_rows (event_date, bucket, user_id, event_id, event_time, event_type, source)
SELECT event_date, bucket, user_id, concat(first_event_id, '-', toString(n)), event_time, event_type, source
FROM user_day_rows
ARRAY JOIN
    [0, 1, 2] AS n,
    [first_event_at, first_event_at + 60, last_event_at] AS event_time,
    ['page_view', 'page_view', event_counts.keys[2]] AS event_type
WHERE event_date BETWEEN toDate('${DAY}') - 3 AND toDate('${DAY}') + 3
SETTINGS optimize_on_insert = 0`);
for (const query of QUERIES) {
  await run(`${query} FORMAT Null`);
  const runs: Measured[] = [];
  for (let n = 0; n < 3; n++) {
    runs.push(await measured(() => run(`${query} FORMAT Null`)));
  }
  const best = runs.toSorted((a, b) => a.seconds - b.seconds)[0];
  if (best !== undefined) line(query, best, 'best of 3');
}

await run('CREATE TABLE without_feed AS user_day_rows');
const again = (table: string) =>
  measured(() =>
    run(`INSERT INTO ${table} SELECT * FROM user_day_rows WHERE event_date >= '2025-03-15'`),
  );
const alone = await again('without_feed');
const fed = await again('user_day_rows');
line('user-days of 17 days stored once more, without the feed', alone);
line('the same with the feed', fed, `${(fed.seconds / alone.seconds).toFixed(2)} times`);
await run('DROP TABLE without_feed SYNC');

const month = await steadyStream(30);
const year = await steadyStream(360);
process.stdout.write(
  `360 days of a steady stream against 30: ${(year / month).toFixed(2)} times\n`,
);
