/** A ClickHouse for one test file: databases of its own on the server that all tests share. */
import type { ClickHouseClient } from '@clickhouse/client';
import { inject, onTestFinished, TestRunner } from 'vitest';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { createDatabase, dropDatabase, giveBack, takeDatabase } from './database-pool.ts';
import type { Database } from './database-pool.ts';

export interface TestClickHouse extends AsyncDisposable {
  readonly url: string;
  /** Of the migrated database in `url`. */
  readonly client: ClickHouseClient;
  /**
   * A client of a further database on the same server, migrated unless told otherwise. One that a test
   * asks for is its own: others get it when the test has ended.
   */
  freshDatabase(options?: { migrated?: boolean }): Promise<ClickHouseClient>;
  /** The rows of a query as objects, 64-bit integers as numbers. */
  rows(query: string, client?: ClickHouseClient): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Close it in `afterAll`, or hold it with `await using`. */
export async function testClickHouse(): Promise<TestClickHouse> {
  const server = new URL('/', inject('clickhouse')).href;
  const closers: (() => Promise<void>)[] = [];
  const open = async (migrated: boolean): Promise<Database & { client: ClickHouseClient }> => {
    const database = migrated ? await takeDatabase(server) : await createDatabase(server);
    const client = openClickHouse({ url: database.url });
    const close = async () => {
      await client.close();
      if (migrated) giveBack(server, database);
      else await dropDatabase(server, database.name);
    };
    if (TestRunner.getCurrentTest() === undefined) closers.push(close);
    else onTestFinished(close);
    return { ...database, client };
  };
  const { client, url } = await open(true);
  const close = async () => {
    for (const end of closers.splice(0)) await end();
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
