/** In: the configuration. Out: the schemas of the streams, and the registry that gives them ids. */
import type { Configuration } from '../config/configuration.ts';
import { httpRegistry } from '../decode/http-registry.ts';
import type { ProducerRegistry } from '../decode/registry-port.ts';
import { BUNDLED_SCHEMAS, folderRegistry, readSchemaFolder } from '../decode/schema-folder.ts';

/** The registry of SCHEMA_REGISTRY_URL, or the folder in its place. */
export function configuredRegistry({ registry, storage }: Configuration): ProducerRegistry {
  if (registry.url !== undefined) return httpRegistry({ url: registry.url });
  return folderRegistry(storage.schemasDir ?? BUNDLED_SCHEMAS);
}

/** The current schema of a stream as JSON text. */
export function schemaOf({ storage }: Configuration, stream: string): string {
  return readSchemaFolder(storage.schemasDir ?? BUNDLED_SCHEMAS).latest(stream).schema;
}
