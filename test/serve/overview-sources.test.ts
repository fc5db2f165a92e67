import { afterAll, beforeAll, expect, test } from 'vitest';
import { SOURCES } from '../../src/serve/dashboard/datasets/overview.ts';
import { testClickHouse } from '../support/clickhouse.ts';
import type { TestClickHouse } from '../support/clickhouse.ts';

let ch: TestClickHouse;
beforeAll(async () => {
  ch = await testClickHouse();
});
afterAll(() => ch.close());

test('of more sources than fit, partitions come first, then the files taken in last, whatever they are called', async () => {
  const files = Array.from({ length: 60 }, (_, day) => {
    const updated_at = `2026-01-01 00:00:${String(day).padStart(2, '0')}`;
    return { stream: 'order-lines', source: `shop/${2100 - day}-01-01.csv`, updated_at };
  });
  const partitions = ['user-attributes/0', 'user-attributes/0@2'].map((source) => {
    return { stream: 'user-attributes', source, updated_at: '2025-01-01 00:00:00' };
  });
  await ch.client.insert({
    table: 'source_progress_rows',
    values: [...files, ...partitions].map((row) => ({ ...row, next_offset: 1, rules_epoch: 1 })),
    format: 'JSONEachRow',
  });
  const shown = (await ch.rows(SOURCES.sql)).map(({ source }) => source);
  const last = files.toReversed().slice(0, 38);
  expect(shown).toEqual([...partitions, ...last].map(({ source }) => source));
});
