/** In: log lines as JSON. Out: the same for a person at a terminal: time, level, message, details, causes. */
import type { Writable } from 'node:stream';
import { z } from 'zod';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

const ENTRY = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().default(''),
  err: z.looseObject({ stack: z.string().default('') }).optional(),
});

/** A destination for pino. */
export function readableLog(terminal: Writable): { write(line: string): void } {
  return {
    write(line) {
      terminal.write(`${readable(line)}\n`);
    },
  };
}

function readable(line: string): string {
  const entry = ENTRY.safeParse(JSON.parse(line));
  if (!entry.success) return line.trimEnd();
  const { level, time, msg, err, pid: _pid, hostname: _host, ...details } = entry.data;
  const clock = new Date(time).toISOString().slice(11, 23);
  const words = Object.entries(details).map(([name, value]) => `${name}=${inWord(value)}`);
  const head = [clock, (LEVELS[level] ?? String(level)).padEnd(5), msg, ...words].join(' ');
  return err === undefined ? head : `${head}\n${err.stack.replaceAll(/^/gm, '  ')}`;
}

function inWord(value: unknown): string {
  return typeof value === 'string' && /^\S*$/.test(value) ? value : JSON.stringify(value);
}
