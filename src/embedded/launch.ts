/**
 * One attempt to run the process of an embedded server. In: its kind, a data folder, a port. Out: a
 * process whose server answers, or why there is none.
 */
import { spawn } from 'node:child_process';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DataFolder } from './data-folder.ts';
import type { ServerKind } from './embedded-server.ts';

export interface LaunchOptions {
  readonly kind: ServerKind;
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

let attempts = 0;

export async function launch(options: LaunchOptions): Promise<LaunchResult> {
  const { kind, folder, port, deadline, signal } = options;
  // Several may try at once: each one's words are kept apart until it is known whose server it is.
  const draft = `${folder.log}.${process.pid}-${attempts++}`;
  await using log = await open(draft, 'w');
  const child = spawn(
    process.execPath,
    [...kind.arguments(folder, port)],
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
      if (child.pid !== undefined && (await kind.serves(port, folder)) && !ended) {
        await rename(draft, folder.log);
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
    await rm(draft, { force: true });
    throw error;
  }
  const timedOut = !ended;
  kill();
  await exited;
  const result = failure(kind, (await readFile(draft, 'utf8')).trim(), timedOut);
  await (result.kind === 'failed' ? rename(draft, folder.log) : rm(draft));
  return result;
}

function failure(kind: ServerKind, said: string, timedOut: boolean): LaunchResult {
  if (said.includes(kind.lockedMessage)) return { kind: 'locked', message: said };
  if (said.includes(kind.portTakenMessage)) return { kind: 'port-taken', message: said };
  if (timedOut) return { kind: 'failed', message: `no answer in time. ${said}` };
  return { kind: 'failed', message: said === '' ? 'the process ended without a word' : said };
}

/** How Node runs a program of ours, its path given without extension: compiled as it is, the source by way of tsx. */
export function programArguments(program: URL): string[] {
  if (import.meta.url.endsWith('.js')) return [`${fileURLToPath(program)}.js`];
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', tsx, `${fileURLToPath(program)}.ts`];
}
