/**
 * The files of an embedded server in the data folder: what it stores, what it complains about, and which
 * process serves them. In: the data folder and the server's name. Out: paths, and the last description.
 */
import { access, constants, mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedServerError } from './errors.ts';

export interface DataFolder {
  /** The server's own folder, as an absolute path without symbolic links. */
  readonly storage: string;
  /** What the server process says on stderr. */
  readonly log: string;
  /** Description of the last server that served this folder, kept when it ends for its port. */
  readonly description: string;
}

export interface ServerDescription {
  readonly port: number;
  readonly pid: number;
}

/**
 * Creates the folder when it is missing.
 * @param name of the server: that of its folder, and how its files begin
 * @throws EmbeddedServerError `DATA_DIR_NOT_WRITABLE`
 */
export async function openDataFolder(dataDir: string, name: string): Promise<DataFolder> {
  const storage = join(dataDir, name);
  try {
    await mkdir(storage, { recursive: true });
    await access(dataDir, constants.W_OK | constants.X_OK);
    await access(storage, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new EmbeddedServerError(
      'DATA_DIR_NOT_WRITABLE',
      `the data folder ${dataDir} cannot be written to (${cause instanceof Error ? cause.message : String(cause)}): ` +
        'give another one with --data-dir or TIDEMARK_DATA_DIR',
      { cause },
    );
  }
  const root = await realpath(dataDir);
  return {
    storage: join(root, name),
    log: join(root, `${name}-server.log`),
    description: join(root, `${name}-server.json`),
  };
}

export async function readDescription(folder: DataFolder): Promise<ServerDescription | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(folder.description, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('port' in value) || !('pid' in value)) return undefined;
    const { port, pid } = value;
    return typeof port === 'number' && typeof pid === 'number' ? { port, pid } : undefined;
  } catch {
    // A description that is missing or broken says as much as none: the server's lock decides.
    return undefined;
  }
}

export async function writeDescription(
  folder: DataFolder,
  server: ServerDescription,
): Promise<void> {
  const draft = `${folder.description}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(server)}\n`);
  await rename(draft, folder.description);
}
