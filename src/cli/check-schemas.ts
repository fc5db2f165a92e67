/** In: the schemas of the streams and the configured registry. Out: for each stream whether they go together. */
import type { Configuration } from '../config/configuration.ts';
import { canonical } from '../decode/compatibility.ts';
import { RegistryError, subjectOf } from '../decode/registry-port.ts';
import type { ProducerRegistry, SubjectVersion } from '../decode/registry-port.ts';
import { IncompatibleSchemaError, resolveWriter } from '../decode/writer-resolution.ts';
import { configuredRegistry, schemaOf } from './registry.ts';
import { STREAMS } from './streams.ts';

export interface SchemaCheck {
  readonly stream: string;
  readonly subject: string;
  /** `ok`: all that is registered can be read, and the schema is registered or could be. */
  readonly status: 'ok' | 'incompatible' | 'not_registered';
  /** How many versions the subject has. */
  readonly versions: number;
  /** Of the stream's current schema; null when it is not among the versions. */
  readonly id: number | null;
  /** Why it is incompatible, one sentence each. */
  readonly problems: readonly string[];
}

export interface SchemaRegistration {
  readonly stream: string;
  readonly subject: string;
  readonly status: 'registered' | 'refused';
  readonly id: number | null;
  readonly problems: readonly string[];
}

/** Rejects with a RegistryError when the registry cannot be asked. */
export async function checkSchemas(configuration: Configuration): Promise<SchemaCheck[]> {
  const registry = configuredRegistry(configuration);
  const checks: SchemaCheck[] = [];
  for (const { name: stream, topic } of STREAMS) {
    const subject = subjectOf(configuration.topics[topic]);
    const schema = schemaOf(configuration, stream);
    const versions = await registry.versions(subject);
    const own = versions.findLast((version) => sameSchema(version.schema, schema));
    const problems = [
      ...versions.flatMap((version) => unreadable(version, schema)),
      ...(own === undefined ? await refusals(registry, subject, schema) : []),
    ];
    const status =
      problems.length > 0 ? 'incompatible' : versions.length === 0 ? 'not_registered' : 'ok';
    const id = own?.id ?? null;
    checks.push({ stream, subject, status, versions: versions.length, id, problems });
  }
  return checks;
}

/** Registers what is not yet; a schema that is refused does not keep the others. */
export async function registerSchemas(configuration: Configuration): Promise<SchemaRegistration[]> {
  const registry = configuredRegistry(configuration);
  const registrations: SchemaRegistration[] = [];
  for (const { name: stream, topic: setting } of STREAMS) {
    const topic = configuration.topics[setting];
    const subject = subjectOf(topic);
    try {
      const id = await registry.register({
        stream,
        topic,
        schema: schemaOf(configuration, stream),
      });
      registrations.push({ stream, subject, status: 'registered', id, problems: [] });
    } catch (error) {
      if (!(error instanceof RegistryError) || error.code !== 'schema_refused') throw error;
      const problems = [error.message];
      registrations.push({ stream, subject, status: 'refused', id: null, problems });
    }
  }
  return registrations;
}

/** What producers may be writing with must be readable, whatever level the registry holds them to. */
function unreadable({ version, id, schema }: SubjectVersion, reader: string): string[] {
  try {
    resolveWriter(schema, JSON.parse(reader) as object);
    return [];
  } catch (error) {
    if (!(error instanceof IncompatibleSchemaError)) throw error;
    return [`records of version ${version} (id ${id}) cannot be read: ${error.message}`];
  }
}

async function refusals(
  registry: ProducerRegistry,
  subject: string,
  schema: string,
): Promise<string[]> {
  const reasons = await registry.refusals(subject, schema);
  return reasons.map((reason) => `the registry would refuse the stream's schema: ${reason}`);
}

function sameSchema(registered: string, own: string): boolean {
  if (registered === own) return true;
  try {
    return canonical(registered) === canonical(own);
  } catch {
    // A schema of another kind is no JSON.
    return false;
  }
}
