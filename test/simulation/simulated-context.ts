/** In: a world and a process in it. Out: what the product's parts in that process share. */
import { readFileSync } from 'node:fs';
import PQueue from 'p-queue';
import type { ProcessorContext } from '../../src/processor/context.ts';
import { GroupCommit } from '../../src/processor/group-commit.ts';
import { noObserver } from '../../src/processor/observer.ts';
import { appEvents } from '../../src/streams/app-events.ts';
import type { Rules } from '../../src/streams/rules.ts';
import type { Process } from './scheduler.ts';
import type { World } from './world.ts';

const avsc = JSON.parse(
  readFileSync(new URL('../../schemas/app-event.avsc', import.meta.url), 'utf8'),
) as object;
const stream = appEvents(avsc);

export interface ContextHabits {
  readonly pendingRows: number;
  readonly cachedUserDays: number;
  readonly intervalMs: number;
}

export function simulatedContext(
  world: World,
  process: Process,
  habits: ContextHabits,
  rules: Rules,
  onFatal: () => void,
): ProcessorContext {
  const { random } = world;
  const { pendingRows, cachedUserDays, intervalMs } = habits;
  const store = world.store(process);
  const shared = {
    store,
    clock: world.scheduler.clock(process),
    observer: noObserver,
    random: () => random.fraction(),
  };
  return {
    ...shared,
    stream,
    rules,
    schemas: world.registry(process),
    commits: new GroupCommit({
      ...shared,
      deadLetters: world.deadLetters(process),
      intervalMs,
      onFatal,
    }),
    loads: new PQueue({ concurrency: 2 }),
    limits: { pendingRows, pendingBytes: 1_000_000, cachedUserDays },
    warn: (message) => world.scheduler.trace(`  ${process.name} warns: ${message}`),
  };
}

/** Whether an error is the product's own mistake rather than what the world did to it. */
export function isDefect(error: unknown): boolean {
  return !(error instanceof Error) || !('retryable' in error);
}
