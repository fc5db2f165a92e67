/** What the registries have in common: how producers name a schema, and how a registry fails. */
import type { SchemaRegistry } from '../processor/ports.ts';

/** The schema that a producer writes with. */
export interface WriterSchema {
  /** The stream's name, for example `app-events`. */
  readonly stream: string;
  /** The topic that the records go to; a registry files the schema under `<topic>-value`. */
  readonly topic: string;
  /** The Avro schema as JSON text. */
  readonly schema: string;
}

/** A registry that producers can ask for the id to write in front of their records. */
export interface ProducerRegistry extends SchemaRegistry {
  /** The id of this schema, registered when it is new and the registry takes it. */
  register(writer: WriterSchema): Promise<number>;
}

export type RegistryErrorCode =
  /** Not reached, too slow, an error of its own, or an answer that is none. */
  | 'registry_unavailable'
  /** It wants other credentials. */
  | 'registry_forbidden'
  /** It refuses the schema, for example as incompatible with the subject's versions. */
  | 'schema_refused'
  /** The folder has no such schema. */
  | 'schema_unknown'
  | 'schema_folder_invalid';

export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  /** Whether asking again later can help. */
  readonly retryable: boolean;

  constructor(
    code: RegistryErrorCode,
    message: string,
    retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.retryable = retryable;
  }
}
