/** In: nothing. Out: an embedded ClickHouse of its own in a temporary folder, as empty and as cold as any other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { startEmbeddedClickHouse } from '../src/embedded/clickhouse/clickhouse.ts';

export interface BenchClickHouse extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly client: ClickHouseClient;
  /** Runs statements separated by `;`, one after the other. */
  run(statements: string): Promise<void>;
  /** The result as lines of tab-separated values. */
  text(query: string): Promise<string>;
  /** The result as one number. */
  number(query: string): Promise<number>;
}

export async function startClickHouse(): Promise<BenchClickHouse> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  const server = await startEmbeddedClickHouse({ dataDir });
  const client = createClient({ url: server.url });
  const text = async (query: string) => {
    const result = await client.query({ query, format: 'TabSeparatedRaw' });
    return result.text();
  };
  return {
    url: server.url,
    pid: server.pid,
    client,
    text,
    number: async (query) => Number(await text(query)),
    run: async (statements) => {
      for (const query of statements.split(/;\s/)) {
        if (query.trim() !== '') await client.command({ query });
      }
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
