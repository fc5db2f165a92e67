/**
 * What a member of a group says of itself, so that whoever takes its place knows that it is gone. In:
 * this process. Out: a mark that goes with its membership; a mark in, whether its process is dead.
 */
import { hostname } from 'node:os';

interface Mark {
  readonly host: string;
  readonly pid: number;
}

export function ownMark(): Buffer {
  const mark: Mark = { host: hostname(), pid: process.pid };
  return Buffer.from(JSON.stringify(mark));
}

/**
 * Whether the member was a process of this host that is no more. Only for a process that has not joined
 * yet: after a container has started again, who has its number is its predecessor.
 */
export function isGhost(mark: Buffer): boolean {
  const { host, pid } = parsed(mark);
  if (host !== hostname() || typeof pid !== 'number') return false;
  return pid === process.pid || !isAlive(pid);
}

function parsed(mark: Buffer): Partial<Mark> {
  try {
    return (JSON.parse(mark.toString()) ?? {}) as Partial<Mark>;
  } catch {
    return {};
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
