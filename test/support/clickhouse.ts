/** A ClickHouse for one test file: databases of its own on the server that all tests share. */
import { randomUUID } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { inject } from 'vitest';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';

export interface TestClickHouse extends AsyncDisposable {
  readonly url: string;
  /** Of the migrated database in `url`. */
  readonly client: ClickHouseClient;
  /** A client of a further database on the same server, migrated unless told otherwise. */
  freshDatabase(options?: { migrated?: boolean }): Promise<ClickHouseClient>;
  /** The rows of a query as objects, 64-bit integers as numbers. */
  rows(query: string, client?: ClickHouseClient): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Close it in `afterAll`, or hold it with `await using`: its databases are dropped. */
export async function testClickHouse(): Promise<TestClickHouse> {
  const server = inject('clickhouse');
  const prefix = `test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const admin = openClickHouse({ url: server });
  const clients: ClickHouseClient[] = [];
  const open = async (migrated: boolean) => {
    const name = `${prefix}_${clients.length}`;
    await admin.command({ query: `CREATE DATABASE ${name} ENGINE = Atomic` });
    const { href } = new URL(`/${name}`, server);
    const client = openClickHouse({ url: href });
    clients.push(client);
    if (migrated) await migrate(client);
    return { client, href };
  };
  const { client, href: url } = await open(true);
  const close = async () => {
    for (const [at, each] of clients.entries()) {
      await each.close();
      await admin.command({ query: `DROP DATABASE ${prefix}_${at} SYNC` });
    }
    await admin.close();
  };
  return {
    url,
    client,
    async freshDatabase({ migrated = true } = {}) {
      return (await open(migrated)).client;
    },
    async rows(query, on = client) {
      const result = await on.query({
        query,
        format: 'JSONEachRow',
        clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
      });
      return result.json<Record<string, unknown>>();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
