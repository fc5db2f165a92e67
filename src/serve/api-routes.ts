/** In: the datasets behind the dashboard. Out: each of them as JSON, and the description of all. */
import { Hono } from 'hono';
import { describeApi } from './api-description.ts';
import type { Dataset } from './dashboard/dataset.ts';
import { rangeOf, RANGES, shownSql } from './dashboard/dataset.ts';
import { meaningOf } from './dashboard/figure.ts';
import type { ProcessState } from './dashboard/page.ts';
import { datasetsOf } from './dashboard/page.ts';
import { PAGES } from './dashboard/pages/all.ts';
import type { WarehouseReader } from './dashboard/warehouse-reader.ts';

export interface ApiOptions {
  readonly reader: WarehouseReader | undefined;
  readonly version: string;
  readonly state: () => Promise<ProcessState>;
}

export function apiRoutes({ reader, version, state }: ApiOptions): Hono {
  const datasets = [...new Set(PAGES.flatMap(datasetsOf))];
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  app.get('/openapi.json', (context) => context.json(describeApi(datasets, version)));
  app.get('/status', async (context) => context.json(await state()));
  for (const dataset of datasets) {
    app.get(`/${dataset.name}`, async (context) => {
      const range = rangeOf(context.req.query('days'));
      if (range === undefined) {
        const message = `days is one of ${RANGES.map(({ value }) => value).join(', ')}`;
        return context.json({ message }, 400);
      }
      if (reader === undefined) {
        return context.json({ message: 'there is no ClickHouse to read from' }, 503);
      }
      try {
        const [answer, definitions] = await Promise.all([
          reader.read(dataset, range),
          reader.definitions(),
        ]);
        return context.json({
          name: dataset.name,
          description: dataset.description,
          sql: shownSql(dataset, range),
          read_at: answer.readAt.toISOString(),
          columns: answer.columns.map(({ name, type }) => ({
            name,
            type,
            definition: definitionOf(name, dataset, definitions),
          })),
          rows: answer.rows,
        });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return context.json({ message }, 503);
      }
    });
  }
  return app;
}

function definitionOf(
  column: string,
  dataset: Dataset,
  definitions: Awaited<ReturnType<WarehouseReader['definitions']>>,
): string | null {
  return meaningOf(column, dataset, definitions) ?? null;
}
