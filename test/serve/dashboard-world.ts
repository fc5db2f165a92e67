/** A database with everything that the dashboard shows, made of seeded traffic, and a server in front of it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHttpServer } from '../../src/serve/http-server.ts';
import type { HttpServer } from '../../src/serve/http-server.ts';
import { Metrics } from '../../src/serve/metrics.ts';
import { Random } from '../../src/traffic/random.ts';
import type { ClickHouseClient } from '@clickhouse/client';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

export interface DashboardWorld extends AsyncDisposable {
  readonly clickhouse: TestClickHouse;
  readonly server: HttpServer;
}

export async function dashboardWorld(): Promise<DashboardWorld> {
  const clickhouse = await testClickHouse();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-dashboard-'));
  const [events, lines] = [join(folder, 'events.avro'), join(folder, 'lines.csv')];
  await writeFile(lines, orderLines(3));
  const environment = { CLICKHOUSE_URL: clickhouse.url, TIDEMARK_DATA_DIR: folder };
  const traffic = '--seed 3 --users 250 --days 70 --until 2026-03-20T12:00:00Z'.split(' ');
  for (const argv of [
    ['generate', ...traffic, '--out', events],
    ['ingest', events, '--stream', 'app-events', '--lookback-days', '2'],
    ['ingest', lines, '--stream', 'order-lines'],
    ['refresh'],
    ['score', 'retention-drivers'],
    ['score', 'users'],
    ['score', 'customers'],
  ]) {
    const { status, stderr } = await tidemark(argv, environment);
    if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
  // All checks take longer than all pages.
  await clickhouse.client.command({
    query: `INSERT INTO check_results (run_id, check, kind, severity, status, failing, at)
      WITH generateUUIDv4() AS run, now64(3) AS at
      SELECT run, 'one', 'unique', 'error', 'ok', 0, at
      UNION ALL SELECT run, 'another', 'range', 'error', 'failed', 3, at`,
  });
  await rm(folder, { recursive: true, force: true });
  const server = await dashboardServer(clickhouse.client);
  return {
    clickhouse,
    server,
    async [Symbol.asyncDispose]() {
      await server.close();
      await clickhouse.close();
    },
  };
}

/** Of a process that reads two partitions. */
export function dashboardServer(client: ClickHouseClient): Promise<HttpServer> {
  const partitions = () =>
    [0, 1].map((partition) => ({
      topic: 'app-events',
      partition,
      end: 1_000 + partition,
      position: 1_000,
      committed: 1_000,
      lastFetchAt: Date.now(),
    }));
  return startHttpServer({
    port: 0,
    version: '1.2.3',
    metrics: new Metrics({ version: '1.2.3', commit: 'abc', partitions }),
    partitions,
    warehouse: client,
    pingWarehouse: async () => {
      const answer = await client.ping({ select: true });
      if (!answer.success) throw answer.error;
    },
  });
}

/** Orders of 80 customers over a year, of articles whose prices move now and then. */
function orderLines(seed: number): string {
  const random = new Random(seed);
  const lines = [
    'line_id,invoice_no,customer_id,stock_code,description,quantity,unit_price,invoiced_at,country',
  ];
  const end = Date.UTC(2026, 2, 20);
  for (let order = 0; order < 400; order++) {
    const at = new Date(end - random.below(365) * 86_400_000).toISOString();
    const customer = Math.min(random.below(80), random.below(80));
    for (let line = 0; line <= random.below(3); line++) {
      const article = random.below(30);
      const price = article % 3 === 0 ? 2 + random.below(3) : 5;
      const quantity = random.below(20) === 0 ? -1 : 1 + random.below(9);
      lines.push(
        `${order}-${line},${order},customer-${customer},S${article},article ${article},${quantity},${price},${at},France`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
