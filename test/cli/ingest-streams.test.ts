/** Files of order lines and of states: each row has its outcome, and what is stored is what they say. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';
import { tidemark } from './tidemark.ts';

let clickhouse: TestClickHouse;
let folder: string;

beforeAll(async () => {
  clickhouse = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-ingest-streams-'));
});
afterAll(async () => {
  await clickhouse.close();
  await rm(folder, { recursive: true, force: true });
});

async function world() {
  const client = await clickhouse.freshDatabase();
  const [row] = await clickhouse.rows('SELECT currentDatabase() AS name', client);
  const environment = {
    CLICKHOUSE_URL: new URL(`/${row!['name'] as string}`, clickhouse.url).href,
    TIDEMARK_DATA_DIR: folder,
  };
  const run = (...argv: string[]) => tidemark(argv, environment);
  return {
    run,
    rows: (query: string) => clickhouse.rows(query, client),
    async ingest(stream: string, name: string, content: string, ...more: string[]) {
      const path = join(folder, name);
      await writeFile(path, content);
      const { status, stdout, stderr } = await run(
        'ingest',
        path,
        '--stream',
        stream,
        '--json',
        ...more,
      );
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      const { rows_read, accepted, duplicate, late, invalid, reasons } = JSON.parse(
        stdout,
      ) as Record<string, number | object>;
      return { rows_read, accepted, duplicate, late, invalid, reasons };
    },
  };
}

const INVOICES = JSON.stringify({
  line_id: { template: '{InvoiceNo}-{@row}' },
  invoice_no: 'InvoiceNo',
  stock_code: 'StockCode',
  description: 'Description',
  quantity: 'Quantity',
  invoiced_at: { column: 'InvoiceDate', format: 'iso' },
  unit_price: 'UnitPrice',
  customer_id: { column: 'CustomerID', strip_decimal: true },
  country: 'Country',
});
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

async function mapping(): Promise<string> {
  const path = join(folder, 'invoices.json');
  await writeFile(path, INVOICES);
  return path;
}

const LINES = [
  HEADER,
  '1,22,"MUG, ""LARGE""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
  '1,22,"MUG, ""LARGE""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom',
  '1,23,LAMP,2,2010-12-01 08:26:00,0.0001,17850,United Kingdom',
  'C2,22,MUG,-1,2010-12-01 09:00:00,2.55,17850,United Kingdom',
  'C3,24,MUG,1,2010-12-01 09:00:00,2.55,17850,United Kingdom',
  '4,B,Adjust bad debt,1,2010-12-01 09:00:00,-11062.06,,United Kingdom',
  '5,m,Manual,1,2010-12-01 09:00:00,5,17850,United Kingdom',
  '5,POST,POSTAGE,1,2010-12-01 09:00:00,18,17850,France',
  '5,POSTER,POSTER,1,2010-12-01 09:00:00,18,17850,France',
  '6,22,MUG,1,2010-12-01 09:00:00,0,17850,France',
  '7,22,MUG,1,2010-12-01 09:00:00,2,,France',
  '7,22,,1,2010-12-01 09:00:00,2,17850,France',
  '8,22,MUG,1,2010-12-02 09:00:00,2,17851,',
  '9,22,MUG,0,2010-12-02 09:00:00,2,17851,EIRE',
  '9,22,MUG,1,2010-12-02 09:00:00,-2,17851,EIRE',
  ',22,MUG,1,2010-12-02 09:00:00,2,17851,EIRE',
  '9,22,MUG,1,yesterday,2,17851,EIRE',
  '9,22,MUG,1,2010-12-02 09:00:00,2.00001,17851,EIRE',
  '9,22,MUG,1,2010-12-02 09:00:00',
].join('\n');

test('every line of an invoice has its kind, or its reason', async () => {
  const { ingest, rows } = await world();
  const outcomes = await ingest('order-lines', 'day.csv', LINES, '--map', await mapping());
  expect(outcomes).toMatchObject({ rows_read: 19, accepted: 13, duplicate: 0, invalid: 6 });
  expect(outcomes.reasons).toEqual({
    quantity_zero: 1,
    unit_price_negative: 1,
    invoice_no_empty: 1,
    invoiced_at_malformed: 1,
    unit_price_malformed: 1,
    wrong_number_of_cells: 1,
  });
  const kinds = await rows(
    'SELECT line_id, line_kind, customer_id FROM order_lines_rows FINAL ORDER BY offset',
  );
  expect(kinds.map((row) => Object.values(row).join(' '))).toEqual([
    '1-1 sale 17850',
    '1-2 sale 17850',
    '1-3 sale 17850',
    'C2-4 return 17850',
    'C3-5 return 17850',
    '4-6 bad_debt ',
    '5-7 manual 17850',
    '5-8 non_product 17850',
    '5-9 sale 17850',
    '6-10 free 17850',
    '7-11 incomplete ',
    '7-12 incomplete 17850',
    '8-13 sale 17851',
  ]);
});

test('a customer-day is the sum of its lines, by invoice, country and kind', async () => {
  const { ingest, rows } = await world();
  await ingest('order-lines', 'day.csv', LINES, '--map', await mapping());
  const parts = await rows(`
SELECT customer_id, part.1 AS invoice, part.2 AS country, part.3 AS kind, part.4 AS lines, part.5 AS units, toString(part.6) AS amount
FROM (SELECT customer_id, arrayJoin(parts) AS part FROM customer_day_rows FINAL WHERE event_date = '2010-12-01')
ORDER BY ALL`);
  expect(parts.map((row) => Object.values(row).join(' | '))).toEqual([
    ' | 4 | United Kingdom | bad_debt | 1 | 1 | -11062.06',
    ' | 7 | France | incomplete | 1 | 1 | 2',
    '17850 | 1 | United Kingdom | sale | 3 | 14 | 30.6002',
    '17850 | 5 | France | non_product | 1 | 1 | 18',
    '17850 | 5 | France | sale | 1 | 1 | 18',
    '17850 | 5 | United Kingdom | manual | 1 | 1 | 5',
    '17850 | 6 | France | free | 1 | 1 | 0',
    '17850 | 7 | France | incomplete | 1 | 1 | 2',
    '17850 | C2 | United Kingdom | return | 1 | -1 | -2.55',
    '17850 | C3 | United Kingdom | return | 1 | 1 | 2.55',
  ]);
});

test('lines again, in another file or behind the lookback, leave the same customer-days', async () => {
  const whole = await world();
  const map = await mapping();
  await whole.ingest('order-lines', 'day.csv', LINES, '--map', map);
  const days =
    'SELECT event_date, customer_id, lines, parts FROM customer_day_rows FINAL WHERE lines > 0 ORDER BY ALL';
  const expected = await whole.rows(days);
  expect(await whole.ingest('order-lines', 'day.csv', LINES, '--map', map)).toMatchObject({
    accepted: 0,
    duplicate: 13,
  });
  expect(await whole.ingest('order-lines', 'copy.csv', LINES, '--map', map)).toMatchObject({
    accepted: 0,
    duplicate: 13,
  });
  expect(await whole.rows(days)).toEqual(expected);

  const [header, ...lines] = LINES.split('\n');
  const backwards = [header, ...lines.slice(12), ...lines.slice(0, 12)].join('\n');
  const path = join(folder, 'by-content.json');
  await writeFile(path, INVOICES.replace('{@row}', '{StockCode}-{Quantity}-{UnitPrice}'));
  const late = await world();
  const first = await late.ingest(
    ...(['order-lines', 'back.csv', backwards, '--map', path, '--lookback-days', '0'] as const),
  );
  // The repeated line has one id here.
  expect(first).toMatchObject({ accepted: 1, late: 12 });
  const { status, stdout } = await late.run('reprocess', '--late', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    accepted: 11,
    duplicate: 1,
    sources: [{ stream: 'order-lines', source: 'file:back.csv' }],
  });
  const amounts = `
SELECT customer_id, sum(part.4) AS lines, toString(sum(part.6)) AS amount
FROM (SELECT customer_id, arrayJoin(parts) AS part FROM customer_day_rows FINAL)
GROUP BY customer_id ORDER BY customer_id`;
  expect(await late.rows(amounts)).toEqual([
    { customer_id: '', lines: 2, amount: '-11060.06' },
    { customer_id: '17850', lines: 9, amount: '58.3002' },
    { customer_id: '17851', lines: 1, amount: '2' },
  ]);
});

test('files of one command that overlap count each line once, in whatever order they come', async () => {
  const map = join(folder, 'by-id.json');
  await writeFile(map, INVOICES.replace('{@row}', '{StockCode}'));
  // Files 1 and 2 are of one day, 3 is of another, 4 of both and repeats half of the others.
  const lines = (numbers: readonly number[]) =>
    [
      HEADER,
      ...numbers.map(
        (n) => `${n},22,MUG,${1 + (n % 5)},2010-12-0${1 + (n % 2)} 08:26:00,2.5,${n % 7},France`,
      ),
    ].join('\n');
  const even = Array.from({ length: 300 }, (_, n) => 2 * n);
  const contents = [
    even.slice(0, 200),
    even.slice(100),
    even.map((n) => n + 1),
    [...even.slice(50, 250), ...even.slice(0, 100).map((n) => n + 1)],
  ];
  const names = await Promise.all(
    contents.map(async (numbers, at) => {
      const path = join(folder, `part-${at}.csv`);
      await writeFile(path, lines(numbers));
      return path;
    }),
  );
  const days = `
SELECT event_date, customer_id, sum(part.4) AS lines, sum(part.5) AS units
FROM (SELECT event_date, customer_id, arrayJoin(parts) AS part FROM customer_day_rows FINAL)
GROUP BY ALL ORDER BY ALL`;
  const seen: unknown[] = [];
  for (const order of [names, names.toReversed()]) {
    const { run, rows } = await world();
    const line = ['ingest', ...order, '--stream', 'order-lines', '--map', map, '--json'];
    const { status, stdout } = await run(...line);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows_read: 1000, accepted: 600, duplicate: 400 });
    seen.push(await rows(days));
  }
  expect(seen[0]).toEqual(seen[1]);
});

test('amounts beyond 2^53 are exact', async () => {
  const { ingest, rows } = await world();
  const content = [
    HEADER,
    '1,22,MUG,2147483647,2010-12-01 08:26:00,900719925474.0991,1,France',
    '1,22,MUG,2147483647,2010-12-01 08:26:00,900719925474.0991,1,France',
    '1,22,MUG,2,2010-12-01 08:26:00,900719925474.0992,1,France',
  ].join('\n');
  const outcomes = await ingest('order-lines', 'big.csv', content, '--map', await mapping());
  expect(outcomes).toMatchObject({ accepted: 2, reasons: { number_out_of_range: 1 } });
  const amount = (2n * 2_147_483_647n * 9_007_199_254_740_991n).toString();
  expect(
    await rows('SELECT toString(parts[1].amount) AS amount FROM customer_day_rows FINAL'),
  ).toEqual([{ amount: `${amount.slice(0, -4)}.${amount.slice(-4)}` }]);
});

const USERS = [
  'user_id,created_at,updated_at,plan_id,city',
  'ann,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,gold,Berlin',
  'ann,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,gold,Berlin',
  'ann,2026-01-01T00:00:00Z,2026-01-15T00:00:00Z,no-such-plan,Bonn',
  'ann,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,gold,Bremen',
  ',2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,gold,Berlin',
  'bob,1700-01-01T00:00:00Z,2026-02-01T00:00:00Z,gold,Berlin',
  'bob,2026-01-01T00:00:00Z,1970-01-01T00:00:00Z,gold,Berlin',
].join('\n');

test('the same state again is a duplicate, an older one is history, and a wrong one has its reason', async () => {
  const { ingest, rows } = await world();
  expect(await ingest('user-attributes', 'users.csv', USERS)).toEqual({
    rows_read: 7,
    accepted: 3,
    duplicate: 1,
    late: 0,
    invalid: 3,
    reasons: { user_id_empty: 1, time_out_of_range: 2 },
  });
  expect(await ingest('user-attributes', 'again.csv', USERS)).toMatchObject({
    accepted: 0,
    duplicate: 4,
  });
  const states = await rows(
    'SELECT city, deleted, offset FROM user_attribute_rows FINAL ORDER BY updated_at, offset',
  );
  expect(states).toEqual([
    { city: 'Bonn', deleted: 'no', offset: 2 },
    { city: 'Berlin', deleted: 'no', offset: 0 },
    { city: 'Bremen', deleted: 'no', offset: 3 },
  ]);
});

test('products, plans and orders are taken in by the same rules', async () => {
  const { ingest, rows } = await world();
  const products =
    'product_id,name,price,inventory,updated_at\np1,Pothos,30.5,40,2026-01-01\np2,x,-1,,2026-01-01\n';
  expect(await ingest('products', 'products.csv', products)).toMatchObject({
    accepted: 1,
    reasons: { price_negative: 1 },
  });
  const plans = 'plan_id,name,price,period,updated_at\ngold,Gold,9.99,month,2026-01-01\n';
  expect(await ingest('subscription-plans', 'plans.csv', plans)).toMatchObject({ accepted: 1 });
  const orders = [
    'order_id,customer_id,ordered_at,status,order_total,updated_at',
    'o1,ann,2026-01-01T00:00:00Z,shipped,12.5,2026-01-02T00:00:00Z',
    'o2,,2026-01-01T00:00:00Z,shipped,12.5,2026-01-02T00:00:00Z',
  ].join('\n');
  expect(await ingest('orders', 'orders.csv', orders)).toMatchObject({
    accepted: 1,
    reasons: { customer_id_empty: 1 },
  });
  expect(
    await rows(`
SELECT (SELECT (name, toString(price), inventory) FROM product_rows) AS product,
    (SELECT (name, toString(price), period) FROM subscription_plan_rows) AS plan,
    (SELECT (customer_id, status, toString(order_total)) FROM order_rows) AS order`),
  ).toEqual([
    {
      product: ['Pothos', '30.5', 40],
      plan: ['Gold', '9.99', 'month'],
      order: ['ann', 'shipped', '12.5'],
    },
  ]);
});

test('a file with other columns is refused before anything is read', async () => {
  const { run, rows } = await world();
  const path = join(folder, 'other.csv');
  await writeFile(path, 'a,b\n1,2\n');
  const { status, stderr } = await run(
    'ingest',
    path,
    '--stream',
    'order-lines',
    '--map',
    await mapping(),
  );
  expect(status).toBe(2);
  expect(stderr).toContain('InvoiceNo');
  expect(await rows('SELECT count() AS n FROM source_progress')).toEqual([{ n: 0 }]);
});
