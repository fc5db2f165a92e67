/** In: the configuration. Out: the schemas of the streams, and the registry that gives them ids. */
import { join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { httpRegistry } from '../decode/http-registry.ts';
import { LocalRegistry } from '../decode/local-registry.ts';
import type { ProducerRegistry } from '../decode/registry-port.ts';
import { BUNDLED_SCHEMAS, readSchemaFolder } from '../decode/schema-folder.ts';
import type { SchemaVersion } from '../decode/schema-folder.ts';
import type { Stream } from '../streams/stream.ts';
import { STREAMS } from './streams.ts';
import type { StreamFacts } from './streams.ts';

/** The registry of SCHEMA_REGISTRY_URL, or the local one in its place. */
export function configuredRegistry(configuration: Configuration): ProducerRegistry {
  const { url } = configuration.registry;
  return url === undefined ? localRegistry(configuration) : httpRegistry({ url });
}

/** The folder of schemas, and what producers have registered into the data folder besides. */
export function localRegistry({ storage, topics }: Configuration): LocalRegistry {
  return new LocalRegistry({
    schemas: storage.schemasDir ?? BUNDLED_SCHEMAS,
    registered: join(storage.dataDir, 'registry'),
    topics: Object.fromEntries(STREAMS.map(({ name, topic }) => [name, topics[topic]])),
  });
}

/** The current schema of a stream as JSON text. */
export function schemaOf(configuration: Configuration, stream: string): string {
  return folderSchema(configuration, stream).schema;
}

/** A stream with its current schema. */
export function openStream(configuration: Configuration, { name, open }: StreamFacts): Stream {
  return open(JSON.parse(schemaOf(configuration, name)) as object);
}

/** The current schema of a stream, with its id in the folder. */
export function folderSchema({ storage }: Configuration, stream: string): SchemaVersion {
  return readSchemaFolder(storage.schemasDir ?? BUNDLED_SCHEMAS).latest(stream);
}
