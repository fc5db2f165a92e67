/**
 * In: the folder of the streams' schemas, and a folder for what producers register. Out: both as one
 * schema registry.
 *
 * The folder's versions come first in the subjects of the streams, under the ids of its `ids.json`.
 * Producers may add to any subject; in a stream's, whatever the level of compatibility, only what the
 * stream's current schema can read: anything else would be refused record by record.
 */
import { canonical, incompatibilities, parseAvro } from './compatibility.ts';
import type { CompatibilityLevel } from './compatibility.ts';
import { RegisteredSchemas } from './registered-schemas.ts';
import { RegistryError, subjectOf } from './registry-port.ts';
import type { ProducerRegistry, SubjectVersion, WriterSchema } from './registry-port.ts';
import { readSchemaFolder } from './schema-folder.ts';
import type { SchemaVersion } from './schema-folder.ts';
import { IncompatibleSchemaError, resolveWriter } from './writer-resolution.ts';

export interface LocalRegistryOptions {
  /** The folder with `ids.json`. */
  readonly schemas: string;
  /** Where registered schemas are kept; made when the first one is. */
  readonly registered: string;
  /** Topics by stream; a stream that is not listed has a topic of its own name. */
  readonly topics: Readonly<Record<string, string>>;
}

/** Ids below are left to `ids.json`, so that a later version of it never takes one that is in use. */
const FIRST_REGISTERED_ID = 100_001;
const DEFAULT_LEVEL: CompatibilityLevel = 'BACKWARD';
/** Under which the level of all subjects without one of their own is kept. */
const ALL_SUBJECTS = '';

interface Known extends SubjectVersion {
  readonly canonical: string;
}

export class LocalRegistry implements ProducerRegistry {
  readonly #registered: RegisteredSchemas;
  readonly #streamOf = new Map<string, string>();
  readonly #folder: ReturnType<typeof readSchemaFolder>;
  /** In the order in which ids and versions were given. */
  readonly #known: Known[] = [];
  #taken = 0;

  /** Throws a `RegistryError` when a folder is broken. */
  constructor({ schemas, registered, topics }: LocalRegistryOptions) {
    this.#folder = readSchemaFolder(schemas);
    this.#registered = new RegisteredSchemas(registered);
    for (const { id, stream, schema } of this.#folder.versions) {
      const subject = subjectOf(topics[stream] ?? stream);
      this.#streamOf.set(subject, stream);
      this.#know(subject, id, schema);
    }
    this.#refresh();
  }

  schema(id: number): Promise<string | undefined> {
    return attempt(() => this.#schema(id));
  }

  register({ topic, schema }: WriterSchema): Promise<number> {
    return attempt(() => this.add(subjectOf(topic), schema).id);
  }

  versions(subject: string): Promise<readonly SubjectVersion[]> {
    return attempt(() => this.#versions(subject));
  }

  refusals(subject: string, schema: string): Promise<readonly string[]> {
    return attempt(() => this.reasonsAgainst(subject, schema, this.#versions(subject)));
  }

  /** All subjects, sorted. */
  subjects(): readonly string[] {
    this.#refresh();
    return [...new Set(this.#known.map(({ subject }) => subject))].sort();
  }

  /** The version of a subject that is this schema. Throws a RegistryError when it is none. */
  find(subject: string, schema: string): SubjectVersion | undefined {
    parseAvro(schema);
    const text = canonical(schema);
    return this.#versions(subject).findLast((version) => version.canonical === text);
  }

  /** The subject's version that is this schema; a new one when there is none and nothing is against it. */
  add(subject: string, schema: string): SubjectVersion {
    for (;;) {
      const known = this.find(subject, schema);
      if (known !== undefined) return known;
      const versions = this.#versions(subject);
      const reasons = this.reasonsAgainst(subject, schema, versions);
      if (reasons.length > 0) {
        throw new RegistryError('schema_refused', `${subject}: ${reasons.join('; ')}`, false);
      }
      if (this.#registered.append({ subject, id: this.#idFor(schema), schema })) {
        return this.find(subject, schema)!;
      }
    }
  }

  /** Why this schema may not follow these versions of the subject; empty when it may. */
  reasonsAgainst(
    subject: string,
    schema: string,
    versions: readonly SubjectVersion[],
  ): readonly string[] {
    parseAvro(schema);
    const unreadable = this.#unreadable(subject, schema);
    const reasons = incompatibilities(this.level(subject), schema, versions);
    return unreadable === null ? reasons : [unreadable, ...reasons];
  }

  /** Of the subject, or of all that have none of their own. */
  level(subject = ALL_SUBJECTS): CompatibilityLevel {
    const levels = this.#registered.levels();
    return levels.get(subject) ?? levels.get(ALL_SUBJECTS) ?? DEFAULT_LEVEL;
  }

  /** Undefined when the subject has no level of its own. */
  levelOf(subject: string): CompatibilityLevel | undefined {
    return this.#registered.levels().get(subject);
  }

  /** Sets that of all subjects that have none of their own when no subject is named. */
  setLevel(level: CompatibilityLevel, subject = ALL_SUBJECTS): void {
    this.#registered.setLevel(subject, level);
  }

  #schema(id: number): string | undefined {
    const known = () => this.#known.find((version) => version.id === id)?.schema;
    const schema = known();
    if (schema !== undefined) return schema;
    this.#refresh();
    return known();
  }

  #versions(subject: string): readonly Known[] {
    this.#refresh();
    return this.#known.filter((version) => version.subject === subject);
  }

  /** Why the stream of this subject could not read the schema's records. */
  #unreadable(subject: string, schema: string): string | null {
    const stream = this.#streamOf.get(subject);
    if (stream === undefined) return null;
    const reader: SchemaVersion = this.#folder.latest(stream);
    try {
      resolveWriter(schema, JSON.parse(reader.schema) as object);
      return null;
    } catch (error) {
      if (!(error instanceof IncompatibleSchemaError)) throw error;
      return `the stream ${stream} cannot read its records: ${error.message}`;
    }
  }

  #idFor(schema: string): number {
    const text = canonical(schema);
    const same = this.#known.find((version) => version.canonical === text);
    if (same !== undefined) return same.id;
    return Math.max(FIRST_REGISTERED_ID - 1, ...this.#known.map(({ id }) => id)) + 1;
  }

  /** Takes up what this process or another has registered. */
  #refresh(): void {
    const all = this.#registered.list();
    for (; this.#taken < all.length; this.#taken++) {
      const { subject, id, schema } = all[this.#taken]!;
      this.#know(subject, id, schema);
    }
  }

  #know(subject: string, id: number, schema: string): void {
    const text = canonical(schema);
    const other = this.#known.find((version) => version.id === id);
    if (other !== undefined && other.canonical !== text) {
      throw new RegistryError(
        'schema_folder_invalid',
        `id ${id} is that of a schema of ${other.subject} and of another one of ${subject}: ` +
          `ids.json may only hold ids below ${FIRST_REGISTERED_ID} once producers have registered theirs`,
        false,
      );
    }
    const version = this.#known.filter((each) => each.subject === subject).length + 1;
    this.#known.push({ subject, version, id, schema, canonical: text });
  }
}

/** What throws rejects. */
function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
