/** In: a ClickHouse client, and what the process knows of itself. Out: the routes of the pages and of the API. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { apiRoutes } from '../api-routes.ts';
import type { Health } from '../health.ts';
import type { PartitionReport } from '../metrics.ts';
import type { Dataset, Range } from './dataset.ts';
import { DEFAULT_RANGE, rangeOf } from './dataset.ts';
import type { Reading } from './figure.ts';
import { frame } from './frame.ts';
import { ICON } from './icon.ts';
import type { Page, ProcessState } from './page.ts';
import { content, datasetsOf } from './page.ts';
import { PAGES } from './pages/all.ts';
import { SCRIPT } from './script.ts';
import { STYLESHEET } from './stylesheet.ts';
import type { Throughput } from './throughput.ts';
import type { Definitions } from './warehouse-reader.ts';
import { WarehouseReader } from './warehouse-reader.ts';

export interface DashboardOptions {
  /** Without one, pages show what the process itself knows. */
  readonly client?: ClickHouseClient | undefined;
  readonly version: string;
  readonly ready: () => Promise<Health>;
  readonly reports: () => readonly PartitionReport[];
  readonly throughput: Throughput;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Nothing from elsewhere, nothing inline: markup that got in would do nothing. */
const POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  scriptSrc: ["'self'"],
  imgSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** A page waits no longer for a figure. */
const WITHIN_MS = 8_000;
const SLOW: Reading = {
  problem: `ClickHouse has not answered within ${WITHIN_MS / 1000} s; when it has, a reload shows it.`,
};

const ASSETS = {
  stylesheet: { path: '/dashboard.css', type: 'text/css', text: STYLESHEET },
  script: { path: '/dashboard.js', type: 'text/javascript', text: SCRIPT },
  icon: { path: '/icon.svg', type: 'image/svg+xml', text: ICON },
};

export function dashboardRoutes(options: DashboardOptions): Hono {
  const { client, now } = options;
  const reader = client === undefined ? undefined : new WarehouseReader(client, { now });
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: POLICY,
      // Whether there is TLS is decided in front of this process.
      strictTransportSecurity: false,
    }),
  );
  // What is told of every day is said again and again.
  app.use(compress());
  for (const { path, type, text } of Object.values(ASSETS)) {
    app.get(path, etag(), (context) =>
      context.body(text, 200, {
        'content-type': `${type}; charset=utf-8`,
        'cache-control': 'no-cache',
      }),
    );
  }
  for (const page of PAGES) {
    app.get(page.path, async (context) => {
      const range = rangeOf(context.req.query('days')) ?? DEFAULT_RANGE;
      context.header('cache-control', 'no-store');
      return context.html(await render(page, range, reader, options));
    });
  }
  app.route('/api', apiRoutes({ reader, version: options.version, state: () => stateOf(options) }));
  return app;
}

async function render(
  page: Page,
  range: Range,
  reader: WarehouseReader | undefined,
  options: DashboardOptions,
) {
  const datasets = datasetsOf(page);
  const [process, definitions, readings] = await Promise.all([
    stateOf(options),
    definitionsOf(reader),
    Promise.all(datasets.map((dataset) => readingOf(reader, dataset, range))),
  ]);
  return frame({
    page,
    pages: PAGES,
    range,
    version: options.version,
    ready: process.ready,
    now: new Date(options.now()),
    assets: {
      stylesheet: versioned(ASSETS.stylesheet),
      script: versioned(ASSETS.script),
      icon: versioned(ASSETS.icon),
    },
    content: content(
      page,
      new Map(datasets.map((dataset, index) => [dataset, readings[index]!])),
      process,
      { range, definitions, filledBy: page.filledBy },
    ),
  });
}

async function stateOf(options: DashboardOptions): Promise<ProcessState> {
  return {
    ready: await options.ready(),
    partitions: options.reports(),
    throughput: options.throughput.samples(),
  };
}

async function readingOf(
  reader: WarehouseReader | undefined,
  dataset: Dataset,
  range: Range,
): Promise<Reading> {
  if (reader === undefined) return { problem: 'There is no ClickHouse to read from.' };
  const answered = new AbortController();
  try {
    return await Promise.race([
      reader.read(dataset, range),
      sleep(WITHIN_MS, SLOW, { ref: false, signal: answered.signal }),
    ]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { problem: `This could not be read from ClickHouse: ${why}` };
  } finally {
    answered.abort();
  }
}

/** Without an answer from ClickHouse nothing is explained; the figures say why. */
async function definitionsOf(reader: WarehouseReader | undefined): Promise<Definitions> {
  try {
    return (await reader?.definitions()) ?? new Map();
  } catch {
    return new Map();
  }
}

/** An address that is another one when the content is. */
function versioned({ path, text }: { path: string; text: string }): string {
  return `${path}?${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}
