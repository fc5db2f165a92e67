/**
 * What all embedded servers have in common. In: a kind of server and a data folder. Out: a server of
 * that kind on loopback that serves the folder, started in a child process, or the one that another
 * process has already started there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataFolder, readDescription, writeDescription } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { EmbeddedServerError } from './errors.ts';
import { freePort } from './free-port.ts';
import { launch } from './launch.ts';

export interface EmbeddedServerOptions {
  /** Everything embedded lives here; created when missing. */
  readonly dataDir: string;
  /** 1…65535. Default: the port of the last time when it is still free, otherwise any free one. */
  readonly port?: number | undefined;
  /** Gives up a start that is under way. A server that is up is stopped with `close`. */
  readonly signal?: AbortSignal | undefined;
}

/** What is different from one kind of server to the next. */
export interface ServerKind {
  /** For messages, such as `ClickHouse`. */
  readonly title: string;
  /** Of its folder in the data folder. */
  readonly name: string;
  /** The setting that chooses its port. */
  readonly portSetting: string;
  /** Arguments of the Node process that is the server. */
  arguments(folder: DataFolder, port: number): readonly string[];
  /** Whether the server that listens on this port, if any, is the one that serves this folder. */
  serves(port: number, folder: DataFolder): Promise<boolean>;
  /** What it says when another server holds the folder. */
  readonly lockedMessage: string;
  /** What it says when its port is taken. */
  readonly portTakenMessage: string;
}

export interface EmbeddedServer extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly pid: number;
  /** Whether this process started the server; otherwise it belongs to another one and `close` leaves it alone. */
  readonly owned: boolean;
  /** Resolves when the server has ended, for whatever reason; another's also ends with its owner. */
  readonly exited: Promise<void>;
  /** Stops a server of our own and resolves when it is gone. What was acknowledged is kept. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const LOOK_MS = 500;

/**
 * Starts the server of a data folder, or finds the one that is running there. It ends with the
 * process that started it, however that ends.
 * @throws EmbeddedServerError
 */
export async function startServer(
  kind: ServerKind,
  options: EmbeddedServerOptions,
): Promise<EmbeddedServer> {
  const { dataDir, signal } = options;
  const folder = await openDataFolder(dataDir, kind.name);
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const running = await findRunning(kind, folder);
    if (running !== undefined) return running;
    const port = await choosePort(kind, folder, options.port);
    const result = await launch({ kind, folder, port, deadline, signal });
    if (result.kind === 'up') {
      const { pid, exited, kill } = result;
      await writeDescription(folder, { port, pid });
      const close = () => {
        kill();
        return exited;
      };
      return { port, pid, owned: true, exited, close, [Symbol.asyncDispose]: close };
    }
    if (result.kind === 'failed' || Date.now() > deadline) {
      throw new EmbeddedServerError(
        'START_FAILED',
        `the embedded ${kind.title} in ${folder.storage} did not start: ${result.message}`,
      );
    }
    if (result.kind === 'port-taken' && options.port !== undefined) {
      throw portTaken(kind, options.port);
    }
    // Another process holds the folder's lock and is about to say where it listens, or to go.
    await sleep(50);
  }
}

/**
 * The server that another process has started for a data folder, if one is running.
 * @throws EmbeddedServerError `DATA_DIR_NOT_WRITABLE`
 */
export async function findServer(
  kind: ServerKind,
  dataDir: string,
): Promise<EmbeddedServer | undefined> {
  return findRunning(kind, await openDataFolder(dataDir, kind.name));
}

async function findRunning(
  kind: ServerKind,
  folder: DataFolder,
): Promise<EmbeddedServer | undefined> {
  const last = await readDescription(folder);
  if (last === undefined || !(await kind.serves(last.port, folder))) return undefined;
  const close = () => Promise.resolve();
  return {
    port: last.port,
    pid: last.pid,
    owned: false,
    exited: gone(last.pid),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Another's process sends no word of its end, so it is looked at. Keeps no process alive. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(LOOK_MS, undefined, { ref: false });
  }
}

async function choosePort(
  kind: ServerKind,
  folder: DataFolder,
  wanted: number | undefined,
): Promise<number> {
  if (wanted !== undefined) {
    if ((await freePort(wanted)) === undefined) throw portTaken(kind, wanted);
    return wanted;
  }
  const last = await readDescription(folder);
  const port = (last && (await freePort(last.port))) ?? (await freePort(0));
  if (port === undefined) {
    throw new EmbeddedServerError('START_FAILED', 'no free port on 127.0.0.1');
  }
  return port;
}

function portTaken({ portSetting }: ServerKind, port: number): EmbeddedServerError {
  return new EmbeddedServerError(
    'PORT_TAKEN',
    `port ${port} is taken by another program: set ${portSetting} to a free one, or leave it unset`,
  );
}
