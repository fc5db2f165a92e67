/** In: processes and something to do. Out: how long it took and what it cost each of them. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds } from './process-usage.ts';

export interface Measured {
  readonly seconds: number;
  /** CPU seconds by the name of the process. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** A row of the printed table. */
export interface Result extends Measured {
  readonly name: string;
  /** Whether the others are compared with this one. */
  readonly baseline?: true;
  readonly events: number;
  /** Peak MiB of the process that consumes, where it is not ClickHouse itself. */
  readonly memory?: number;
  /** Whether the result is right. */
  readonly check?: string;
}

export async function measure(
  pids: Readonly<Record<string, number | undefined>>,
  work: () => Promise<void>,
): Promise<Measured> {
  const before = Object.entries(pids).flatMap(([name, pid]) =>
    pid === undefined ? [] : [[name, pid, cpuSeconds(pid)] as const],
  );
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const cpu = before.map(([name, pid, used]) => [name, cpuSeconds(pid) - used] as const);
  return { seconds, cpu: Object.fromEntries(cpu) };
}

export async function until(
  condition: () => Promise<boolean>,
  what: string,
  { everyMs = 50, timeoutMs = 300_000 } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await sleep(everyMs);
  }
}
