/**
 * In: a folder of Avro schemas with its `ids.json`. Out: every schema version with its id.
 *
 * `ids.json` lists `{ id, stream, file }` in ascending order of id. An id belongs to its schema for
 * ever: a new version of a stream's schema is a new entry at the end, and the old version moves to a
 * file of its own (`app-event.v1.avsc`). The last entry of a stream is its current schema. Ids stay below
 * 100,001, where those of registered schemas begin.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { RegistryError } from './registry-port.ts';

/** The schemas that come with the package. */
export const BUNDLED_SCHEMAS = fileURLToPath(new URL('../../schemas', import.meta.url));

export interface SchemaVersion {
  /** 1, 2, 3, …: the id in Confluent's wire format. */
  readonly id: number;
  /** The stream's name, for example `app-events`. */
  readonly stream: string;
  readonly file: string;
  /** The Avro schema as JSON text. */
  readonly schema: string;
}

export interface SchemaFolder {
  readonly versions: readonly SchemaVersion[];
  /** The current schema of a stream. Throws when the folder has none. */
  latest(stream: string): SchemaVersion;
}

const idsFile = z.array(
  z.strictObject({
    id: z.int().min(1).max(0x7fffffff),
    stream: z.string().min(1),
    file: z.string().regex(/^[\w.-]+\.avsc$/),
  }),
);

/** Reads the whole folder at once. Throws a `RegistryError` that names the file and what is wrong in it. */
export function readSchemaFolder(directory: string): SchemaFolder {
  const idsPath = join(directory, 'ids.json');
  const parsed = idsFile.safeParse(readJson(idsPath).value);
  if (!parsed.success) throw invalidFolder(idsPath, z.prettifyError(parsed.error));
  const versions: SchemaVersion[] = [];
  let lastId = 0;
  for (const { id, stream, file } of parsed.data) {
    if (id <= lastId)
      throw invalidFolder(idsPath, `id ${id} comes after ${lastId}: ids must ascend`);
    lastId = id;
    versions.push({ id, stream, file, schema: readJson(join(directory, file)).text });
  }
  return {
    versions,
    latest(stream) {
      const version = versions.findLast((candidate) => candidate.stream === stream);
      if (version === undefined) {
        const known = [...new Set(versions.map((candidate) => candidate.stream))].join(', ');
        throw invalidFolder(idsPath, `no schema for stream "${stream}"; there are ${known}`);
      }
      return version;
    },
  };
}

function readJson(path: string): { text: string; value: unknown } {
  try {
    const text = readFileSync(path, 'utf8');
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    throw invalidFolder(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function invalidFolder(path: string, what: string, cause?: unknown): RegistryError {
  return new RegistryError('schema_folder_invalid', `${path}: ${what}`, false, { cause });
}
