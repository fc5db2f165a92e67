/**
 * A shop in four files, as the example takes them in: figures that are known from elsewhere come out
 * exactly. They were counted from the files without Tidemark.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/greenery.ts', import.meta.url));

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-greenery-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function example(): Promise<{ picture: string; log: string }> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', EXAMPLE], {
    env: { PATH, HOME, TIDEMARK_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [status, picture, log] = await Promise.all([
    once(child, 'close').then(([code]) => code as number | null),
    text(child.stdout),
    text(child.stderr),
  ]);
  expect({ status, log: status === 0 ? '' : log }).toEqual({ status: 0, log: '' });
  return { picture, log };
}

async function row(query: string): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await tidemark(
    [
      'sql',
      `${query} SETTINGS output_format_json_quote_64bit_integers = 0`,
      '--format',
      'JSONEachRow',
    ],
    { TIDEMARK_DATA_DIR: dataDir },
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('the example of a shop shows its known figures', async () => {
  const { picture, log } = await example();
  expect(picture).toContain('124 of 130 users ordered');
  expect(picture).toMatch(/once +█+ +25\n +twice +█+ +28\n +more often +█+ +71\n/);
  expect(picture).toContain('99 of 124 came back: a repeat ratio of 0.798387');
  expect(picture).toContain('7.520833 an hour');
  expect(picture).toContain('361 orders took 93.403279 hours to delivery');
  expect(picture).toMatch(/348 sessions end .*\n +661 if parcels .* the shop itself counts 578\./);
  expect(log).toContain('3,553 rows = 3,553 accepted');

  const kpis = await row('SELECT * EXCEPT computed_at FROM order_kpis');
  expect(kpis).toMatchObject({
    buyers: 124,
    buyers_1_order: 25,
    buyers_2_orders: 28,
    buyers_3plus_orders: 71,
    orders: 361,
  });
  expect(kpis['repeat_ratio']).toBeCloseTo(99 / 124, 12);
  expect(kpis['orders_per_hour']).toBeCloseTo(361 / 48, 12);
  expect(kpis['avg_hours_to_delivery']).toBeCloseTo(93.403279, 6);
}, 120_000);

test('every page view finds its product and its user, and personal data is in one place only', async () => {
  expect(
    await row(`SELECT countIf(product_id IS NOT NULL) AS of_products, count(product_price) AS priced,
      count() = count(user_created_at) AS all_users_known FROM fct_page_views`),
  ).toEqual({ of_products: 1871, priced: 1871, all_users_known: 1 });
  expect(
    await row(
      `SELECT uniqExact(name) AS names FROM user_personal_data ARRAY JOIN mapKeys(attributes) AS name`,
    ),
  ).toEqual({ names: 5 });
}, 30_000);
