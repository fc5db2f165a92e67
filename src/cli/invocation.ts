/** What a command gets from the outside world, and what it gives back to it. */
import type { Writable } from 'node:stream';

export interface Invocation {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Data, and nothing else. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Everything else. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
}

/** A line for a person. */
export function say({ stderr }: Invocation, text: string): void {
  stderr.write(`${text}\n`);
}

/** A line, or a text of several, of data. */
export function print({ stdout }: Invocation, text: string): void {
  stdout.write(`${text}\n`);
}

export function printJson(invocation: Invocation, value: unknown): void {
  print(invocation, JSON.stringify(value, null, 2));
}
