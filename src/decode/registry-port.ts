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
  /** What is registered under a subject, oldest first; nothing for a subject that is not known. */
  versions(subject: string): Promise<readonly SubjectVersion[]>;
  /** Why the registry would not take this schema as the subject's next version; empty when it would. */
  refusals(subject: string, schema: string): Promise<readonly string[]>;
}

export interface SubjectVersion {
  /** The name under which versions of a schema are kept together. */
  readonly subject: string;
  /** 1, 2, 3, … within the subject. */
  readonly version: number;
  /** The id in Confluent's wire format; the same schema has one id, whatever its subjects. */
  readonly id: number;
  /** The Avro schema as JSON text. */
  readonly schema: string;
}

/** The subject of the values in a topic. */
export function subjectOf(topic: string): string {
  return `${topic}-value`;
}

export type RegistryErrorCode =
  /** Not reached, too slow, an error of its own, or an answer that is none. */
  | 'registry_unavailable'
  /** It wants other credentials. */
  | 'registry_forbidden'
  /** It refuses the schema, for example as incompatible with the subject's versions. */
  | 'schema_refused'
  /** It is no Avro schema. */
  | 'schema_invalid'
  /** What was registered cannot be stored. */
  | 'registry_not_writable'
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
