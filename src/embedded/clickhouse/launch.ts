/**
 * One attempt to run the server process. In: the engine, a data folder, a port. Out: a process whose
 * server answers, or why there is none.
 */
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DataFolder } from './data-folder.ts';

export interface LaunchOptions {
  readonly engine: string;
  readonly folder: DataFolder;
  readonly port: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

export type LaunchResult =
  | { readonly kind: 'up'; readonly pid: number; readonly exited: Promise<void>; kill(): void }
  /** Another server holds the folder. */
  | { readonly kind: 'locked'; readonly message: string }
  | { readonly kind: 'port-taken'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

export async function launch(options: LaunchOptions): Promise<LaunchResult> {
  const { engine, folder, port, deadline, signal } = options;
  await using log = await open(folder.log, 'w');
  const child = spawn(
    process.execPath,
    [...serverProcess(), engine, JSON.stringify(clickhouseArguments(folder, port))],
    // A process group of its own: Ctrl-C in a terminal reaches the parent alone, which may still
    // have rows to store.
    { stdio: ['pipe', 'ignore', log.fd], detached: true },
  );
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  const kill = () => {
    child.ref();
    child.kill('SIGKILL');
  };
  try {
    while (!ended && Date.now() < deadline) {
      signal?.throwIfAborted();
      if (child.pid !== undefined && (await servesFolder(port, folder)) && !ended) {
        // An embedded server never keeps its owner alive; when the owner ends, so does the lifeline.
        child.unref();
        if (child.stdin instanceof Socket) child.stdin.unref();
        return { kind: 'up', pid: child.pid, exited, kill };
      }
      await sleep(10);
    }
  } catch (error) {
    kill();
    await exited;
    throw error;
  }
  const timedOut = !ended;
  kill();
  await exited;
  return failure((await readFile(folder.log, 'utf8')).trim(), timedOut);
}

/** Whether the server that listens on this port, if any, is the one that serves this folder. */
export async function servesFolder(port: number, folder: DataFolder): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: `SELECT path FROM system.disks WHERE name = 'default' FORMAT TSVRaw`,
      signal: AbortSignal.timeout(5_000),
    });
    return (await response.text()).trim() === `${folder.storage}/`;
  } catch {
    return false;
  }
}

function failure(said: string, timedOut: boolean): LaunchResult {
  if (said.includes('Cannot lock file')) return { kind: 'locked', message: said };
  if (said.includes('Address already in use')) return { kind: 'port-taken', message: said };
  if (timedOut) return { kind: 'failed', message: `no answer in time. ${said}` };
  return { kind: 'failed', message: said === '' ? 'the process ended without a word' : said };
}

function clickhouseArguments(folder: DataFolder, port: number): string[] {
  return [
    'clickhouse',
    '--listen_host=127.0.0.1',
    `--http_port=${port}`,
    `--path=${folder.storage}`,
    '--query',
    'CREATE DATABASE IF NOT EXISTS tidemark ENGINE = Atomic; ' +
      'SYSTEM START LISTEN HTTP; ' +
      'SELECT sleepEachRow(3) FROM system.numbers FORMAT Null SETTINGS max_block_size = 1',
    '--',
    // It shares the machine with its owner: half of the memory, and caches that fit a laptop.
    '--max_server_memory_usage_to_ram_ratio=0.5',
    '--mark_cache_size=268435456',
    '--primary_index_cache_size=268435456',
    // Longer than any client keeps an idle connection, so that none is closed under a request.
    '--keep_alive_timeout=60',
  ];
}

/** How Node runs `server-process`: compiled as it is, the source by way of tsx. */
function serverProcess(): string[] {
  if (import.meta.url.endsWith('.js')) {
    return [fileURLToPath(new URL('./server-process.js', import.meta.url))];
  }
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', tsx, fileURLToPath(new URL('./server-process.ts', import.meta.url))];
}
