/** In: the configuration. Out: its warehouse, and in it the only run that adds events besides the processors. */
import type { ClickHouseClient } from '@clickhouse/client';
import type { Configuration } from '../../config/configuration.ts';
import { adoptRules } from '../../warehouse/rules-store.ts';
import { adoptViewSettings } from '../../warehouse/view-settings.ts';
import { ColdRun } from './cold-run.ts';
import { seedActiveTypes } from '../event-type-rows.ts';
import type { Invocation } from '../invocation.ts';
import { localRegistry } from '../registry.ts';
import { viewSettings } from '../view-settings.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

export interface ColdWork {
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  /** What it is, for whoever finds the database taken. */
  readonly command: string;
}

/** Throws a LeaseTakenError when another one is at work. */
export async function withColdRun<T>(
  { configuration, invocation, command }: ColdWork,
  work: (run: ColdRun, client: ClickHouseClient) => Promise<T>,
): Promise<T> {
  await using warehouse = await openMigratedWarehouse(configuration, invocation);
  const { client } = warehouse;
  const { activeEventTypes } = configuration.rules;
  if (activeEventTypes !== undefined) await seedActiveTypes(client, activeEventTypes);
  await adoptViewSettings(client, viewSettings(configuration));
  await using run = await ColdRun.begin({
    client,
    configuration,
    invocation,
    // What has no schema of its own is encoded with the folder's, whatever registry producers use.
    schemas: localRegistry(configuration),
    rules: () => adoptRules(client, configuration.rules),
    command: command.slice(0, 200),
  });
  return await work(run, client);
}
