/** The wiring of `ingest`: the warehouse, the rules, the lease; the files in, the outcomes out. */
import { BUNDLED_SCHEMAS, readSchemaFolder } from '../decode/schema-folder.ts';
import { appEvents } from '../streams/app-events.ts';
import { adoptRules } from '../warehouse/rules-store.ts';
import { ColdRun } from './cold-run.ts';
import { seedActiveTypes } from './event-type-rows.ts';
import { UsageError } from './exit-status.ts';
import { FileIntake } from './ingest-files.ts';
import type { IngestOptions, IngestSummary } from './ingest-files.ts';
import { openMigratedWarehouse } from './warehouse.ts';

/** The files are looked at before anything is written. */
export async function ingest(options: Omit<IngestOptions, 'schema'>): Promise<IngestSummary> {
  const { configuration, invocation, stream, files } = options;
  if (stream.name !== 'app-events') {
    throw new UsageError(`files of ${stream.name} cannot be ingested: only app-events can`);
  }
  const folder = configuration.storage.schemasDir ?? BUNDLED_SCHEMAS;
  const schemas = readSchemaFolder(folder);
  const schema = schemas.latest(stream.name);
  const intake = await FileIntake.open({ ...options, schema });
  await using warehouse = await openMigratedWarehouse(configuration, invocation);
  const { client } = warehouse;
  if (configuration.rules.activeEventTypes !== undefined) {
    await seedActiveTypes(client, configuration.rules.activeEventTypes);
  }
  await using run = await ColdRun.begin({
    client,
    configuration,
    invocation,
    stream: appEvents(JSON.parse(schema.schema) as object),
    // A file's rows are always encoded with the folder's schema, whatever registry producers use.
    schemas: {
      schema: (id) => Promise.resolve(schemas.versions.find((each) => each.id === id)?.schema),
    },
    rules: await adoptRules(client, configuration.rules),
    command: `ingest ${files.join(' ')}`.slice(0, 200),
  });
  return await intake.into(run);
}
