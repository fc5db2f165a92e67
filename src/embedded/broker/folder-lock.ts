/**
 * One broker at a time serves a folder. In: the folder, and the port that this process already listens
 * on. Out: whether the folder is ours now, until this process ends.
 *
 * Each owner takes the next number with a file that only one process can create, and only when the owner
 * of the last number is gone. That one is gone when its process is, or when nobody listens on its port
 * any more: after a restart of the machine its process id may be another program's.
 */
import { linkSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { HOST } from './server.ts';

interface Owner {
  readonly pid: number;
  readonly port: number;
}

const LOCK = /^lock\.(\d+)$/;

export async function lockFolder(folder: string, port: number): Promise<boolean> {
  const last = highest(folder);
  if (last > 0 && (await lives(readOwner(folder, last), port))) return false;
  const draft = join(folder, `lock-draft.${process.pid}`);
  const owner: Owner = { pid: process.pid, port };
  writeFileSync(draft, JSON.stringify(owner));
  try {
    // Unlike a write, this makes the file with its content, or fails because another was first.
    linkSync(draft, join(folder, `lock.${last + 1}`));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // Later owners may have come and gone since the highest number was looked up.
  const isOurs = highest(folder) === last + 1;
  if (!isOurs) rmSync(join(folder, `lock.${last + 1}`), { force: true });
  else for (const number of numbers(folder)) if (number <= last) remove(folder, number);
  return isOurs;
}

function numbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const match = LOCK.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

const highest = (folder: string): number => Math.max(0, ...numbers(folder));

const remove = (folder: string, number: number) =>
  rmSync(join(folder, `lock.${number}`), { force: true });

function readOwner(folder: string, number: number): Owner | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, `lock.${number}`), 'utf8')) as Owner;
  } catch {
    // Removed by a later owner, or of a file system that lost it.
    return undefined;
  }
}

async function lives(owner: Owner | undefined, ownPort: number): Promise<boolean> {
  if (owner === undefined || owner.port === ownPort) return false;
  try {
    process.kill(owner.pid, 0);
  } catch {
    return false;
  }
  return isListenedOn(owner.port);
}

/** The kernel takes connections also for a process that is too busy to. */
function isListenedOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
