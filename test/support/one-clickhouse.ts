/** Out: one embedded ClickHouse for all tests that do no harm to it. Each test file has its own databases. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedClickHouse } from '../../src/embedded/clickhouse/clickhouse.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of its first database, which stays empty. */
    clickhouse: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-tests-'));
  const server = await startEmbeddedClickHouse({ dataDir });
  project.provide('clickhouse', server.url);
  return async () => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  };
}
