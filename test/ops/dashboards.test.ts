import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { promtool, promtoolIsThere } from '../support/promtool.ts';
import { ROOT, unknownSeries } from './alert-rules.ts';

const FOLDER = `${ROOT}ops/grafana/dashboards`;
const SOURCE = `${ROOT}ops/grafana/provisioning/datasources/prometheus.yml`;

const row = z.object({ id: z.number(), type: z.literal('row'), title: z.string().min(1) });
const chart = z.object({
  id: z.number(),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  description: z.string().min(1),
  datasource: z.object({ uid: z.string() }),
  targets: z.array(z.object({ expr: z.string() })).min(1),
});
const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(z.discriminatedUnion('type', [row, chart])),
});

async function dashboards(): Promise<readonly (z.infer<typeof dashboard> & { file: string })[]> {
  const files = await readdir(FOLDER);
  return Promise.all(
    files.map(async (file) => ({
      file,
      ...dashboard.parse(JSON.parse(await readFile(join(FOLDER, file), 'utf8'))),
    })),
  );
}

async function expressions(): Promise<readonly string[]> {
  const panels = (await dashboards()).flatMap((each) => each.panels);
  return panels.flatMap((panel) =>
    panel.type === 'row' ? [] : panel.targets.map(({ expr }) => expr),
  );
}

test('dashboards show only what processors export', async () => {
  const shown = await expressions();
  expect(shown.length).toBeGreaterThan(30);
  expect(await unknownSeries(shown)).toEqual([]);
});

test('dashboards are found under their names, their panels told apart, their data source the one that is provisioned', async () => {
  const { datasources } = z
    .object({ datasources: z.array(z.object({ uid: z.string() })) })
    .parse(parse(await readFile(SOURCE, 'utf8')));
  const known = datasources.map(({ uid }) => uid);
  const all = await dashboards();
  expect(all.map(({ uid }) => `${uid}.json`)).toEqual(all.map(({ file }) => file));
  for (const { panels } of all) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) {
      if (panel.type !== 'row') expect(known).toContain(panel.datasource.uid);
    }
  }
});

test.skipIf(!promtoolIsThere())(
  "every expression is PromQL, and compose's Prometheus takes its configuration",
  async () => {
    const rules = (await expressions()).map((expr, at) => ({
      record: `panel:${at}`,
      expr: expr.replaceAll('$__rate_interval', '1m'),
    }));
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-dashboards-'));
    try {
      const file = join(folder, 'rules.yml');
      await writeFile(file, stringify({ groups: [{ name: 'panels', rules }] }));
      expect(await promtool('check', 'rules', file)).toContain(`${rules.length} rules found`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    expect(await promtool('check', 'config', `${ROOT}ops/prometheus/prometheus.yml`)).toContain(
      'SUCCESS',
    );
  },
);
