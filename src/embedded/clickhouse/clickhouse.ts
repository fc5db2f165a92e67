/**
 * The embedded ClickHouse. In: a data folder. Out: a real ClickHouse server on loopback that serves
 * it, started in a child process, or the one that another process has already started there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataFolder, readDescription, writeDescription } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { findEngine } from './engine.ts';
import { EmbeddedClickHouseError } from './errors.ts';
import { freePort } from './free-port.ts';
import { launch, servesFolder } from './launch.ts';

export interface EmbeddedClickHouseOptions {
  /** Everything embedded lives here; created when missing. */
  readonly dataDir: string;
  /** 1…65535. Default: the port of the last time when it is still free, otherwise any free one. */
  readonly port?: number | undefined;
  /** Gives up a start that is under way. A server that is up is stopped with `close`. */
  readonly signal?: AbortSignal | undefined;
}

export interface EmbeddedClickHouse extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/tidemark` */
  readonly url: string;
  readonly pid: number;
  /** Whether this process started the server; otherwise it belongs to another one and `close` leaves it alone. */
  readonly owned: boolean;
  /** Resolves when the server has ended, for whatever reason; another's also ends with its owner. */
  readonly exited: Promise<void>;
  /** Stops a server of our own and resolves when it is gone. What was acknowledged is kept. */
  close(): Promise<void>;
}

/** The database that all tables live in. */
export const EMBEDDED_DATABASE = 'tidemark';

const START_TIMEOUT_MS = 30_000;
const LOOK_MS = 500;

/**
 * Starts the server of a data folder, or finds the one that is running there. It ends with the
 * process that started it, however that ends.
 * @throws EmbeddedClickHouseError
 */
export async function startEmbeddedClickHouse(
  options: EmbeddedClickHouseOptions,
): Promise<EmbeddedClickHouse> {
  const { dataDir, signal } = options;
  const engine = await findEngine();
  const folder = await openDataFolder(dataDir);
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const running = await findRunning(folder);
    if (running !== undefined) return running;
    const port = await choosePort(folder, options.port);
    const result = await launch({ engine, folder, port, deadline, signal });
    if (result.kind === 'up') {
      const { pid, exited, kill } = result;
      await writeDescription(folder, { port, pid });
      const close = () => {
        kill();
        return exited;
      };
      return { url: urlOf(port), pid, owned: true, exited, close, [Symbol.asyncDispose]: close };
    }
    if (result.kind === 'failed' || Date.now() > deadline) {
      throw new EmbeddedClickHouseError(
        'START_FAILED',
        `the embedded ClickHouse in ${folder.storage} did not start: ${result.message}`,
      );
    }
    if (result.kind === 'port-taken' && options.port !== undefined) throw portTaken(options.port);
    // Another process holds the folder's lock and is about to say where it listens, or to go.
    await sleep(50);
  }
}

async function findRunning(folder: DataFolder): Promise<EmbeddedClickHouse | undefined> {
  const last = await readDescription(folder);
  if (last === undefined || !(await servesFolder(last.port, folder))) return undefined;
  const close = () => Promise.resolve();
  return {
    url: urlOf(last.port),
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

async function choosePort(folder: DataFolder, wanted: number | undefined): Promise<number> {
  if (wanted !== undefined) {
    if ((await freePort(wanted)) === undefined) throw portTaken(wanted);
    return wanted;
  }
  const last = await readDescription(folder);
  const port = (last && (await freePort(last.port))) ?? (await freePort(0));
  if (port === undefined) {
    throw new EmbeddedClickHouseError('START_FAILED', 'no free port on 127.0.0.1');
  }
  return port;
}

function portTaken(port: number): EmbeddedClickHouseError {
  return new EmbeddedClickHouseError(
    'PORT_TAKEN',
    `port ${port} is taken by another program: set CLICKHOUSE_PORT to a free one, or leave it unset`,
  );
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/${EMBEDDED_DATABASE}`;
}
