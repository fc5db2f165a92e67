/** The committed dashboards, as data. In: ops/grafana/dashboards. Out: their panels. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from './alert-rules.ts';

const FOLDER = `${ROOT}ops/grafana/dashboards`;

const row = z.object({ id: z.number(), type: z.literal('row'), title: z.string().min(1) });
const chart = z.object({
  id: z.number(),
  type: z.enum(['timeseries', 'stat']),
  title: z.string().min(1),
  description: z.string().min(1),
  // The one that is chosen above the panels.
  datasource: z.object({ type: z.literal('prometheus'), uid: z.literal('${datasource}') }),
  targets: z.array(z.object({ expr: z.string() })).min(1),
});
const datasource = z.object({
  name: z.literal('datasource'),
  type: z.literal('datasource'),
  query: z.literal('prometheus'),
  current: z.object({ value: z.string() }),
});
const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  templating: z.object({ list: z.tuple([datasource]) }),
  panels: z.array(z.discriminatedUnion('type', [row, chart])),
});

export async function dashboards(): Promise<
  readonly (z.infer<typeof dashboard> & { file: string })[]
> {
  const files = await readdir(FOLDER);
  return Promise.all(
    files.map(async (file) => ({
      file,
      ...dashboard.parse(JSON.parse(await readFile(join(FOLDER, file), 'utf8'))),
    })),
  );
}

export interface Panel {
  readonly title: string;
  readonly expr: string;
}

/** Each expression with the title of its panel, as in "Pipeline: Lag"; `rateInterval` is what rates are over. */
export async function expressions(rateInterval: string): Promise<readonly Panel[]> {
  return (await dashboards()).flatMap(({ title: name, panels }) =>
    panels.flatMap((panel) =>
      panel.type === 'row'
        ? []
        : panel.targets.map(({ expr }) => ({
            title: `${name}: ${panel.title}`,
            expr: expr.replaceAll('$__rate_interval', rateInterval),
          })),
    ),
  );
}
