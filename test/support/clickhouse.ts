/** A ClickHouse for one test file: an embedded server in a temporary folder, its schema created. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouseClient } from '@clickhouse/client';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';
import { openClickHouse } from '../../src/warehouse/clickhouse-client.ts';
import { migrate } from '../../src/warehouse/migrations.ts';

export interface TestClickHouse extends AsyncDisposable {
  readonly url: string;
  /** Of the migrated database in `url`; closed with the server. */
  readonly client: ClickHouseClient;
  /** A client of a further database on the same server, migrated unless told otherwise. */
  freshDatabase(options?: { migrated?: boolean }): Promise<ClickHouseClient>;
  /** The rows of a query as objects, 64-bit integers as numbers. */
  rows(query: string, client?: ClickHouseClient): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Close it in `afterAll`, or hold it with `await using`. */
export async function testClickHouse(): Promise<TestClickHouse> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-clickhouse-'));
  const server = await startEmbeddedClickHouse({ dataDir });
  const client = openClickHouse({ url: server.url });
  const clients = [client];
  await migrate(client);

  const close = async () => {
    await Promise.all(clients.map((each) => each.close()));
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  };
  return {
    url: server.url,
    client,
    async freshDatabase({ migrated = true } = {}) {
      const name = `test_${clients.length}`;
      await client.command({ query: `CREATE DATABASE ${name} ENGINE = Atomic` });
      const fresh = openClickHouse({ url: new URL(`/${name}`, server.url).href });
      clients.push(fresh);
      if (migrated) await migrate(fresh);
      return fresh;
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
