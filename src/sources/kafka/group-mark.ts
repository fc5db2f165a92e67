/**
 * What a member of a group says of itself, so that whoever takes its place knows that it is gone. In:
 * this process. Out: a mark that goes with its membership; a mark in, whether its process is dead.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { isAlive } from '../../is-alive.ts';

interface Mark {
  readonly host: string;
  readonly pid: number;
  /** Tells a process from an earlier one with its number. */
  readonly start: string;
}

const START = randomUUID();

export function ownMark(): Buffer {
  const mark: Mark = { host: hostname(), pid: process.pid, start: START };
  return Buffer.from(JSON.stringify(mark));
}

/**
 * Whether the member was a process of this host that is no more. In a container that has started again
 * the predecessor had the same number.
 */
export function isGhost(mark: Buffer): boolean {
  const { host, pid, start } = parsed(mark);
  if (host !== hostname() || typeof pid !== 'number') return false;
  return pid === process.pid ? start !== START : !isAlive(pid);
}

function parsed(mark: Buffer): Partial<Mark> {
  try {
    return (JSON.parse(mark.toString()) ?? {}) as Partial<Mark>;
  } catch {
    return {};
  }
}
