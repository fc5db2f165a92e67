import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { promtool, promtoolIsThere } from '../support/promtool.ts';
import { ROOT, unknownSeries } from './alert-rules.ts';
import { dashboards, expressions } from './dashboard-files.ts';

const SOURCE = `${ROOT}ops/grafana/provisioning/datasources/prometheus.yml`;

test('dashboards show only what processors export', async () => {
  const shown = (await expressions('1m')).map(({ expr }) => expr);
  expect(shown.length).toBeGreaterThan(30);
  expect(await unknownSeries(shown)).toEqual([]);
});

test('dashboards are found under their names, their panels told apart, their data source at first the one that is provisioned', async () => {
  const { datasources } = z
    .object({ datasources: z.array(z.object({ uid: z.string() })) })
    .parse(parse(await readFile(SOURCE, 'utf8')));
  const known = datasources.map(({ uid }) => uid);
  const all = await dashboards();
  expect(all.map(({ uid }) => `${uid}.json`)).toEqual(all.map(({ file }) => file));
  for (const { panels, templating } of all) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(known).toContain(templating.list[0].current.value);
  }
});

test.skipIf(!promtoolIsThere())(
  "every expression is PromQL, and compose's Prometheus takes its configuration",
  async () => {
    const rules = (await expressions('1m')).map(({ expr }, at) => ({
      record: `panel:${at}`,
      expr,
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
