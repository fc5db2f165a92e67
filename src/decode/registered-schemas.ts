/**
 * In: a folder. Out: the schemas that were registered there, in order, and the levels of compatibility.
 *
 * Each registration is a file `1.json`, `2.json`, … that appears whole and never changes, so that
 * processes on one folder see each other's, and none is lost.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { COMPATIBILITY_LEVELS } from './compatibility.ts';
import type { CompatibilityLevel } from './compatibility.ts';
import { RegistryError } from './registry-port.ts';

const registration = z.strictObject({
  subject: z.string().min(1),
  id: z.int().min(1).max(0x7fffffff),
  schema: z.string(),
});
const levels = z.array(z.tuple([z.string(), z.enum(COMPATIBILITY_LEVELS)]));

export type Registration = Readonly<z.infer<typeof registration>>;

export class RegisteredSchemas {
  readonly #folder: string;
  readonly #read: Registration[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All of them, those of other processes included. Throws a RegistryError that names a broken file. */
  list(): readonly Registration[] {
    for (;;) {
      const path = this.#path(this.#read.length + 1);
      if (!existsSync(path)) return this.#read;
      this.#read.push(parsed(path, registration));
    }
  }

  /**
   * Stores it so that it survives a loss of power. False when another process has registered something
   * since the last `list`: look again, the answer may be another one.
   */
  append(entry: Registration): boolean {
    const path = this.#path(this.#read.length + 1);
    return this.#store(entry, (draft) => {
      try {
        linkSync(draft, path);
        return true;
      } catch (error) {
        if (existsSync(path)) return false;
        throw error;
      }
    });
  }

  /** By subject; under '' that of all others. */
  levels(): ReadonlyMap<string, CompatibilityLevel> {
    const path = join(this.#folder, 'compatibility.json');
    return new Map(existsSync(path) ? parsed(path, levels) : []);
  }

  setLevel(subject: string, level: CompatibilityLevel): void {
    const path = join(this.#folder, 'compatibility.json');
    const all = new Map(this.levels()).set(subject, level);
    this.#store([...all], (draft) => renameSync(draft, path));
  }

  #path(number: number): string {
    return join(this.#folder, `${number}.json`);
  }

  #store<T>(content: object, publish: (draft: string) => T): T {
    const draft = join(this.#folder, `draft-${randomUUID()}`);
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(draft, `${JSON.stringify(content)}\n`, { flush: true });
      const result = publish(draft);
      syncFolder(this.#folder);
      return result;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RegistryError(
        'registry_not_writable',
        `what is registered cannot be stored in ${this.#folder} (${why}): make it writable, or give ` +
          'another folder with --data-dir or TIDEMARK_DATA_DIR',
        false,
        { cause },
      );
    } finally {
      if (existsSync(draft)) rmSync(draft);
    }
  }
}

function syncFolder(folder: string): void {
  // Windows opens no folders; its file systems keep the order by themselves.
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function parsed<T>(path: string, type: z.ZodType<T>): T {
  try {
    return type.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const what = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new RegistryError('schema_folder_invalid', `${path}: ${what}`, false, { cause });
  }
}
