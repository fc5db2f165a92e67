/** In: a running processor. Out: its picture on the terminal, until a signal. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Configuration } from '../../config/configuration.ts';
import { FlowPicture } from './picture.ts';
import { readFlow } from './snapshot.ts';
import type { Invocation } from '../invocation.ts';
import type { RunningProcessor } from '../run-processor.ts';

export interface WatchedFlow {
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  readonly running: RunningProcessor;
  readonly title: string;
  /** How many records there will be, where that is known. */
  readonly total?: number;
  readonly until: AbortSignal;
}

const EVERY_MS = 500;

export async function watchFlow(flow: WatchedFlow): Promise<void> {
  const { configuration, invocation, running, title, total, until } = flow;
  using picture = new FlowPicture(invocation, {
    title,
    lookbackDays: running.rules.lookbackDays,
    timezone: configuration.rules.timezone,
    ...(total !== undefined && { total }),
  });
  const show = async (): Promise<void> =>
    picture.show(readFlow(await running.metrics.text(), Date.now()));
  while (!until.aborted) {
    await show();
    await sleep(EVERY_MS, undefined, { signal: until }).catch(() => {});
  }
  await show();
}
