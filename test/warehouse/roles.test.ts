import type { ClickHouseClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/warehouse/migrations.ts';
import { Refresher } from '../../src/warehouse/refresher.ts';
import { grantRoles } from '../../src/warehouse/roles.ts';
import { clickHouseWithUsers } from '../support/clickhouse-with-users.ts';
import type { ClickHouseWithUsers } from '../support/clickhouse-with-users.ts';
import { testClickHouse } from '../support/clickhouse.ts';

let statements: readonly string[];
let server: ClickHouseWithUsers;
let admin: ClickHouseClient;
let analyst: ClickHouseClient;
let processor: ClickHouseClient;

beforeAll(async () => {
  {
    await using ch = await testClickHouse();
    const here = new URL(ch.url).pathname.slice(1);
    const own = await grantRoles(ch.client, { dryRun: true });
    for (const statement of own) await ch.client.command({ query: `EXPLAIN AST ${statement}` });
    statements = own.map((statement) => statement.replaceAll(here, 'tidemark'));
    await expect(grantRoles(ch.client)).rejects.toMatchObject({
      code: 'ROLES',
      message: expect.stringMatching(/need a ClickHouse server that keeps them/) as string,
    });
  }
  // Grants of a role, as those of a user.
  const grantsTo = (role: string) =>
    statements.flatMap((statement) => {
      const [grant, to] = statement.split(' TO ');
      return grant?.startsWith('GRANT ') === true && to === `\`tidemark_${role}\`` ? [grant] : [];
    });
  server = await clickHouseWithUsers({
    analyst: grantsTo('analyst'),
    processor: grantsTo('processor'),
  });
  admin = server.client();
  analyst = server.client('analyst');
  processor = server.client('processor');
  await migrate(admin);
  await insert(admin, 'user_attribute_rows', {
    user_id: 'ada',
    attributes: { email: 'ada@example.com' },
    created_at: '2025-01-01 00:00:00',
  });
  await insert(admin, 'rejected_events_rows', { source: 'x', bytes: 'ada@example.com' });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

function insert(client: ClickHouseClient, table: string, row: Readonly<Record<string, unknown>>) {
  return client.insert({ table, values: [row], format: 'JSONEachRow' });
}

async function read(client: ClickHouseClient, query: string): Promise<unknown> {
  const result = await client.query({ query, format: 'JSONEachRow' });
  return result.json();
}

const DENIED = /Not enough privileges/;

describe('an analyst', () => {
  test('reads every public table without any right to what is behind it', async () => {
    const tables = (await read(
      admin,
      `SELECT name FROM system.tables
      WHERE database = currentDatabase() AND NOT endsWith(name, '_rows') AND NOT endsWith(name, '_as_of')
        AND engine != 'MaterializedView' AND name NOT IN ('user_personal_data', 'rejected_events', 'schema_migrations', 'forgotten_users')`,
    )) as { name: string }[];
    expect(tables.length).toBeGreaterThan(30);
    for (const { name } of tables) await read(analyst, `SELECT * FROM ${name} LIMIT 1`);
    await read(analyst, `SELECT * FROM active_and_inactive_user_as_of(as_of = '2025-02-01')`);
    expect(await read(analyst, 'SELECT user_id FROM user_attributes')).toEqual([
      { user_id: 'ada' },
    ]);
  });

  test('reads no stored rows, no personal data, nothing of what refused records held, and writes nothing', async () => {
    const stored = (await read(
      admin,
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND endsWith(name, '_rows')`,
    )) as { name: string }[];
    expect(stored.length).toBeGreaterThan(10);
    for (const { name } of [...stored, { name: 'user_personal_data' }]) {
      await expect(read(analyst, `SELECT * FROM ${name}`), name).rejects.toThrow(DENIED);
    }
    await expect(read(analyst, 'SELECT bytes FROM rejected_events')).rejects.toThrow(DENIED);
    expect(await read(analyst, 'SELECT source, reason FROM rejected_events')).toHaveLength(1);
    await expect(insert(analyst, 'event_types', { event_type: 'x' })).rejects.toThrow(DENIED);
    await expect(
      analyst.command({ query: 'ALTER TABLE event_types DELETE WHERE true' }),
    ).rejects.toThrow(DENIED);
  });
});

test('the processor writes, deletes and refreshes, and what it makes anew stays readable for analysts', async () => {
  await insert(processor, 'user_day_rows', {
    event_date: '2025-01-02',
    user_id: 'ada',
    events: 1,
    version: 1,
  });
  await insert(processor, 'event_types', { event_type: 'danced' });
  const results = await (await Refresher.open(processor)).refresh();
  expect(results.filter(({ error }) => error !== null)).toEqual([]);
  expect(await read(analyst, 'SELECT has_danced_f7d FROM user_first_week')).toEqual([
    { has_danced_f7d: 0 },
  ]);
  await processor.command({ query: `DELETE FROM user_day_rows WHERE user_id = 'ada'` });
  await expect(processor.command({ query: 'CREATE USER eve' })).rejects.toThrow(DENIED);
});
