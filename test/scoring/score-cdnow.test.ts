/** The whole of CDNOW through the product: ingest, features, score. Where the master file is not, it is skipped. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCdnowCsv } from '../../examples/cdnow-csv.ts';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { words } from './score-world.ts';

const MASTER =
  process.env['CDNOW_MASTER'] ??
  fileURLToPath(new URL('../../../shared/data/cdnow/CDNOW_master.txt.gz', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/cdnow.json', import.meta.url));
const there = existsSync(MASTER);
if (!there) {
  process.stderr.write(
    `CDNOW is not tested: there is no ${MASTER}; CDNOW_MASTER=PATH says where CDNOW_master.txt is\n`,
  );
}

interface Result {
  readonly run: { readonly rows: number; readonly metrics: Readonly<Record<string, number>> };
  readonly drivers: {
    readonly coefficients: readonly {
      readonly feature: string;
      readonly oddsRatioPerUnit: number;
      readonly ciLow: number;
      readonly ciHigh: number;
    }[];
  };
}

let clickhouse: TestClickHouse;
let folder: string;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-cdnow-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(!there)(
  'buyers of CDNOW who buy on more days of their first week come back, by the numbers of the literature',
  async () => {
    const csv = join(folder, 'cdnow.csv');
    // Whoever came first on 1997-03-31 has day 55 on 1997-05-25; what follows cannot matter.
    await writeCdnowCsv(MASTER, csv, '19970701');
    const environment = { CLICKHOUSE_URL: clickhouse.url, TIDEMARK_DATA_DIR: folder };
    const run = async (...argv: string[]) => {
      const { status, stdout, stderr } = await tidemark(argv, environment);
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      return stdout;
    };
    const ingested = await run('ingest', csv, '--stream', 'app-events', '--map', MAPPING, '--json');
    const { rows_read, accepted } = JSON.parse(ingested) as Record<string, number>;
    expect(accepted).toBe(rows_read);
    await run('refresh');
    const printed = await run(
      ...words(
        'score retention-drivers --json --target-days 28..55 --features days,sum:cds,sum:amount',
      ),
    );
    const { run: stored, drivers } = JSON.parse(printed) as Result;
    const of = (name: string) => drivers.coefficients.find(({ feature }) => feature === name)!;
    expect(stored.rows).toBe(23_570);
    expect(stored.metrics['base_rate']).toBeCloseTo(0.126941, 6);
    expect(stored.metrics['log_likelihood']).toBeCloseTo(-8770.541586, 5);
    expect(of('days').oddsRatioPerUnit).toBeCloseTo(2.431359, 5);
    expect(of('days').ciLow).toBeCloseTo(2.1467, 4);
    expect(of('days').ciHigh).toBeCloseTo(2.7537, 4);
    expect(of('sum:cds').oddsRatioPerUnit).toBeCloseTo(1.104802, 5);
    expect(of('sum:amount').oddsRatioPerUnit).toBeCloseTo(0.998023, 5);
    expect(of('(intercept)').oddsRatioPerUnit).toBeCloseTo(0.04681, 5);
  },
  240_000,
);
