/** In: the configuration. Out: a client of its ClickHouse, the embedded one started when it is the one. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../config/configuration.ts';
import type { Invocation } from './invocation.ts';

export interface Warehouse extends AsyncDisposable {
  readonly client: ClickHouseClient;
  readonly url: string;
  /** Resolves when an embedded server has ended; never for one that was configured. */
  readonly exited: Promise<void>;
}

/** ClickHouse has no schema, or one of another version. */
class SchemaOutdatedError extends Error {
  override readonly name = 'SchemaOutdatedError';
  readonly code = 'schema_outdated';
  readonly retryable = false;

  constructor(missing: readonly string[]) {
    super(
      `the ClickHouse of CLICKHOUSE_URL lacks parts of the schema (${missing.join(', ')}): ` +
        'run `tidemark migrate` first',
    );
  }
}

/**
 * The embedded server gets its schema by itself; a ClickHouse that was configured gets it from `migrate`
 * alone, and without it this throws a SchemaOutdatedError.
 */
export async function openMigratedWarehouse(
  configuration: Configuration,
  invocation: Invocation,
): Promise<Warehouse> {
  const warehouse = await openWarehouse(configuration, invocation);
  try {
    const { migrate } = await import('../warehouse/migrations.ts');
    const dryRun = configuration.clickhouse.url !== undefined;
    const steps = await migrate(warehouse.client, { dryRun });
    const missing = steps.filter(({ action }) => action !== 'none').map(({ name }) => name);
    if (dryRun && missing.length > 0) throw new SchemaOutdatedError(missing);
    return warehouse;
  } catch (error) {
    await warehouse[Symbol.asyncDispose]();
    throw error;
  }
}

/** With whatever schema it has. */
export async function openWarehouse(
  { clickhouse, storage }: Configuration,
  { signal }: Invocation,
): Promise<Warehouse> {
  const { openClickHouse } = await import('../warehouse/clickhouse-client.ts');
  if (clickhouse.url !== undefined) {
    const client = openClickHouse({ url: clickhouse.url });
    return {
      client,
      url: clickhouse.url,
      exited: new Promise(() => {}),
      [Symbol.asyncDispose]: () => client.close(),
    };
  }
  const { startEmbeddedClickHouse } = await import('../embedded/clickhouse/clickhouse.ts');
  const server = await startEmbeddedClickHouse({
    dataDir: storage.dataDir,
    port: clickhouse.port,
    signal,
  });
  const client = openClickHouse({ url: server.url });
  return {
    client,
    url: server.url,
    exited: server.exited,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.close();
    },
  };
}
