/** The dashboard on seeded traffic: what its addresses answer, and what a person sees in a real browser. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RANGES, rangeOf, shownSql } from '../../src/serve/dashboard/dataset.ts';
import { datasetsOf } from '../../src/serve/dashboard/page.ts';
import { PAGES } from '../../src/serve/dashboard/pages/all.ts';
import { WarehouseReader } from '../../src/serve/dashboard/warehouse-reader.ts';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { findChromium, openChromium } from '../support/chromium.ts';
import { freePort } from '../support/free-port.ts';
import { dashboardServer, dashboardWorld } from './dashboard-world.ts';
import type { DashboardWorld } from './dashboard-world.ts';

const PATHS = PAGES.map(({ path }) => path);
const DATASETS = [...new Set(PAGES.flatMap(datasetsOf))];
const CHROMIUM = findChromium();
/** Where the keyboard is, in the browser: the address of a link, or the element's kind; empty for the page itself. */
const FOCUSED = `(() => {
  const { activeElement: at, body } = document;
  return at === null || at === body ? '' : (at.getAttribute('href') ?? at.tagName);
})()`;

/** Tables of which a part is seen only after scrolling. */
const CUT = `[...document.querySelectorAll('.scroll')]
  .filter((each) => each.scrollWidth > each.clientWidth)
  .map((each) => each.getAttribute('aria-label'))`;

let world: DashboardWorld;
beforeAll(async () => {
  world = await dashboardWorld();
}, 300_000);
afterAll(() => world[Symbol.asyncDispose]());

async function read(path: string): Promise<string> {
  const answer = await fetch(world.server.url + path);
  expect({ path, status: answer.status }).toEqual({ path, status: 200 });
  return answer.text();
}

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await read(path)) as Record<string, unknown>;
}

describe('addresses', () => {
  test.each(DATASETS.map((dataset) => [dataset.name, dataset] as const))(
    '/api/%s has rows, a definition of every column, and SQL that gives these rows',
    async (name, dataset) => {
      const answer = await json(`/api/${name}?days=365`);
      const columns = answer['columns'] as { name: string; definition: string | null }[];
      const rows = answer['rows'] as object[];
      expect(Object.keys(rows[0] ?? {})).toEqual(columns.map((column) => column.name));
      // Only what is drawn has to be explained.
      const drawn = new Set(
        PAGES.flatMap(({ figures }) => figures)
          .filter((figure) => figure.dataset === dataset)
          .flatMap((figure) => figure.columns),
      );
      const explained = columns.filter(({ definition }) => definition !== null);
      expect(
        [...drawn].filter((column) => !explained.some((each) => each.name === column)),
      ).toEqual([]);
      expect(answer['sql']).toBe(shownSql(dataset, rangeOf('365')!));
      const again = await world.clickhouse.rows(String(answer['sql']));
      expect(again).toHaveLength(rows.length);
    },
  );

  test('group customers by one look as each of their tables does', async () => {
    const { rows } = (await json('/api/customer-groups')) as { rows: Record<string, unknown>[] };
    const figures = 'customers, orders, toFloat64(revenue) AS revenue, revenue_pct';
    for (const [table, column, order] of [
      ['dim_rfm_group', 'rfm_segmentation', 'revenue DESC'],
      ['dim_cltv_group', 'cltv_profit_segmentation', 'revenue DESC'],
      [
        'dim_churn_group',
        'churn_risk_group',
        "up_to_days IS NULL, up_to_days, churn_risk_group = 'Churned'",
      ],
    ] as const) {
      const query = `SELECT ${column}, ${figures} FROM ${table} WHERE customers > 0 ORDER BY ${order}`;
      const expected = await world.clickhouse.rows(query);
      expect(expected.length).toBeGreaterThan(1);
      const found = rows.filter((row) => row[column] !== null);
      expect(found.map((row) => row[column])).toEqual(expected.map((row) => row[column]));
      expect(found).toMatchObject(
        expected.map((row) => ({
          ...row,
          revenue_pct: expect.closeTo(Number(row['revenue_pct'])) as number,
        })),
      );
    }
    const [all] = await world.clickhouse.rows(
      'SELECT customers, orders, churn_rate_pct, repeat_ratio, avg_cltv_predicted FROM obt_overall_customer_kpis',
    );
    expect(rows[0]).toMatchObject({
      ...all,
      avg_cltv_predicted: expect.closeTo(Number(all!['avg_cltv_predicted'])) as number,
    });
  });

  test('are all described in OpenAPI', async () => {
    const { openapi, paths } = await json('/api/openapi.json');
    expect(openapi).toBe('3.1.0');
    const described = Object.keys(paths as object).sort();
    expect(described).toEqual(['/status', ...DATASETS.map(({ name }) => `/${name}`)].sort());
    expect(await json('/api/status')).toMatchObject({ ready: { ok: true } });
  });

  test('of a range that there is not are refused by the API, and are the default of a page', async () => {
    const answer = await fetch(`${world.server.url}/api/growth?days=%27`);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { message: 'days is one of 30, 90, 365, all' },
    ]);
    expect(await read("/growth?days='")).toMatch(/aria-current="?true"?\s*>\s*90 days/);
  });

  test('a range is so many days', async () => {
    const counts = await Promise.all(
      RANGES.map(async ({ value }) => {
        const { rows } = await json(`/api/growth?days=${value}`);
        return (rows as object[]).length;
      }),
    );
    expect(counts[0]).toBe(30);
    expect(counts[3]).toBe(counts[2]);
    expect(counts[1]).toBe(counts[3]);
  });

  test('users are named among those in the red alone, and 20 of them at most', async () => {
    const users = (await world.clickhouse.rows('SELECT user_id FROM dim_users')).map((row) =>
      String(row['user_id']),
    );
    for (const path of [...PATHS, ...DATASETS.map(({ name }) => `/api/${name}`)]) {
      const text = await read(`${path}?days=all`);
      const named = users.filter((user) => text.includes(user));
      const most = path === '/miles' || path === '/api/users-in-the-red' ? 20 : 0;
      expect({ path, named: named.length > most ? named : [] }).toEqual({ path, named: [] });
    }
    expect(await read('/miles')).toContain('below zero since');
  });

  test('files are sent again only when they have changed', async () => {
    const [address] = /\/dashboard\.css\?\w+/.exec(await read('/')) ?? [''];
    const first = await fetch(world.server.url + address);
    const etag = first.headers.get('etag') ?? '';
    const second = await fetch(world.server.url + address, { headers: { 'if-none-match': etag } });
    expect([first.status, second.status]).toEqual([200, 304]);
  });

  test('the same is asked of ClickHouse once in a few seconds', async () => {
    let now = 1_000_000;
    const reader = new WarehouseReader(world.clickhouse.client, { keepMs: 5_000, now: () => now });
    const [dataset, range] = [DATASETS[0]!, rangeOf('90')!];
    const first = await reader.read(dataset, range);
    now += 4_999;
    expect(await reader.read(dataset, range)).toBe(first);
    now += 1;
    const second = reader.read(dataset, range);
    // One that takes a second is kept for twenty.
    now += 1_000;
    expect(await second).not.toBe(first);
    now += 19_999;
    expect(reader.read(dataset, range)).toBe(second);
    now += 1;
    expect(reader.read(dataset, range)).not.toBe(second);
    await reader.read(dataset, range);
  });

  test('a ClickHouse that is away is told of, with what the process knows by itself', async () => {
    const client = openClickHouse({ url: `http://127.0.0.1:${await freePort()}/nowhere` });
    await using server = await dashboardServer(client);
    const page = await (await fetch(server.url)).text();
    expect(page).toContain('ClickHouse cannot be reached');
    expect(page).toContain('could not be read from ClickHouse');
    expect(page).toMatch(/app-events\/1/);
    expect((await fetch(`${server.url}/api/growth`)).status).toBe(503);
    await client.close();
  });
});

describe('an empty database', { timeout: 60_000 }, () => {
  test('has pages that say what fills them', async () => {
    const client = await world.clickhouse.freshDatabase();
    await using server = await dashboardServer(client);
    for (const { path, filledBy } of PAGES) {
      const page = await (await fetch(server.url + path)).text();
      expect(page).not.toContain('could not be read');
      expect(page).not.toContain('NaN');
      expect(page).toContain(filledBy);
    }
  });
});

describe.skipIf(CHROMIUM === undefined)('in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let axe: string;
  beforeAll(async () => {
    browser = await openChromium(CHROMIUM!);
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  });
  afterAll(() => browser?.close());

  /** A page, and all that the browser complains about. */
  async function visit(path: string, options: BrowserContextOptions) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    await page.goto(world.server.url + path);
    return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
  }

  async function faults(page: Page): Promise<string[]> {
    await page.evaluate(axe);
    const { violations } = await page.evaluate<AxeResults>(
      "axe.run({ resultTypes: ['violations'] })",
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  }

  test.each(PATHS)(
    '%s has no complaint, nothing to scroll sideways, and is open to everybody',
    async (path) => {
      await using visited = await visit(path, { viewport: { width: 1200, height: 800 } });
      const { page, complaints } = visited;
      for (const [colorScheme, width] of [['light', 1200] as const, ['dark', 390] as const]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect({ colorScheme, wide }).toEqual({ colorScheme, wide: width });
        const cut = await page.evaluate<string[]>(CUT);
        if (width === 1200) expect(cut).toEqual([]);
        expect({ colorScheme, faults: await faults(page) }).toEqual({ colorScheme, faults: [] });
      }
      expect(complaints).toEqual([]);
    },
  );

  test('everything can be read without JavaScript, and ranges be chosen', async () => {
    await using visited = await visit('/growth', { javaScriptEnabled: false });
    const { page } = visited;
    await page.getByRole('link', { name: '30 days' }).click();
    expect(page.url()).toMatch(/\?days=30$/);
    await page.getByRole('navigation', { name: 'pages' }).getByText('Miles').click();
    expect(page.url()).toMatch(/\/miles\?days=30$/);
    await page.getByText('Definitions and SQL').first().click();
    expect(await page.locator('details[open] pre').innerText()).toContain('FROM miles_analytics');
    expect(await page.locator('details[open] dd').first().innerText()).toBe('Miles earned');
  });

  test('the keyboard reaches every link, definitions, and the numbers of a chart', async () => {
    await using visited = await visit('/growth', {});
    const { page } = visited;
    const reached = new Set<string>();
    for (let n = 0; n < 200; n++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate<string>(FOCUSED);
      if (at === '') break;
      reached.add(at);
    }
    const visible = await page.locator('a:visible').all();
    const links = await Promise.all(visible.map((link) => link.getAttribute('href')));
    expect(links.length).toBeGreaterThan(15);
    expect(links.filter((href) => !reached.has(href ?? ''))).toEqual([]);
    await page.locator('.explained', { hasText: 'DAU' }).first().focus();
    expect(await page.locator('.tip').innerText()).toContain('distinct users');
    await page.locator('.chart').first().focus();
    await page.keyboard.press('End');
    expect(await page.locator('.tip').innerText()).toMatch(/Mar 20, 2026\s+live[^]*DAU\s+\d+/);
    await page.keyboard.press('Escape');
    expect(await page.locator('.tip').isVisible()).toBe(false);
  });

  test('the pointer shows the numbers of a day', async () => {
    await using visited = await visit('/growth', {});
    const { page } = visited;
    await page.locator('.chart').nth(1).locator('.hit').first().hover();
    const shown = await page.locator('.tip').innerText();
    expect(shown).toMatch(/retained[^]*resurrected[^]*new[^]*churned/);
  });
});
