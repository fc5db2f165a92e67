import { afterAll, beforeAll, expect, test } from 'vitest';
import { KINDS } from '../../src/checks/check.ts';
import type { CheckResult } from '../../src/checks/check.ts';
import { shippedChecks } from '../../src/checks/check-file.ts';
import { seed } from '../support/seed.ts';
import { checkedWorld } from './checked-world.ts';
import type { CheckedWorld } from './checked-world.ts';
import { DAMAGE } from './damage.ts';

let world: CheckedWorld;
let clean: readonly CheckResult[];
let damaged: ReadonlyMap<string, CheckResult>;

beforeAll(async () => {
  world = await checkedWorld(seed);
  clean = await world.run();
  for (const statement of Object.values(DAMAGE).flat()) await world.change(statement);
  damaged = new Map((await world.run()).map((result) => [result.name, result]));
}, 240_000);
afterAll(() => world[Symbol.asyncDispose]());

test('what was taken in and refreshed passes every check', () => {
  // oxlint-disable-next-line no-console -- so that nobody has to count them
  console.log(`${clean.length} checks`);
  expect(clean.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(clean.length).toBeGreaterThan(150);
});

test.each(Object.keys(DAMAGE))('%s is seen to fail on data that is damaged so', (name) => {
  const { status, rows, failing, reason } = damaged.get(name) ?? { status: 'missing' };
  expect({ status, reason }).toEqual({ status: 'failed', reason: '' });
  expect(rows?.length).toBeGreaterThan(0);
  expect(failing).toBeGreaterThanOrEqual(rows?.length ?? 0);
});

test('asked one by one, checks find what they find together', async () => {
  const together = world.checks.filter(({ glance }) => glance !== undefined);
  expect(together.length).toBeGreaterThan(100);
  const alone = await world.runOf(together.map(({ glance: _, ...check }) => check));
  const found = ({ name, status, severity, failing, rows }: CheckResult) => ({
    name,
    status,
    severity,
    failing,
    shown: rows.length,
  });
  expect(together.map(({ name }) => found(damaged.get(name)!))).toEqual(alone.map(found));
});

test('a warning about what is getting old comes before the error', () => {
  expect(damaged.get('recency-orders-error')?.status).toBe('ok');
  expect(damaged.get('recency-user-attributes-warn')?.status).toBe('failed');
});

test('every check that is a file is damaged, and every kind', async () => {
  const files = (await shippedChecks()).map(({ name }) => name);
  expect(files.filter((name) => !Object.hasOwn(DAMAGE, name))).toEqual([]);
  const kinds = new Set(Object.keys(DAMAGE).map((name) => damaged.get(name)?.kind));
  expect(KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
});

test('of many failing rows the first are shown and all are counted', () => {
  const { failing = 0, rows = [] } = damaged.get('rfm-segments-cover-all-cells') ?? {};
  expect({ failing, shown: rows.length }).toEqual({ failing: 125, shown: 10 });
  expect(rows[0]).toHaveProperty('segments');
});
