/** Refreshes the marts again and again. In: a client and an interval. Out: fresh marts, and how fresh they are. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { readBalanceCounts } from './balances.ts';
import type { BalanceCounts } from './balances.ts';
import { readCheckStatus } from './check-status.ts';
import type { CheckStatus } from './check-status.ts';
import type { MartState } from './mart-refreshes.ts';
import { Refresher } from './refresher.ts';
import { readScoringStatus } from './scoring-status.ts';
import type { ScoringStatus } from './scoring-status.ts';

export interface RefreshLoopOptions {
  readonly client: ClickHouseClient;
  /** From the end of one refresh to the start of the next. At least 1. */
  readonly intervalMs: number;
  /** After every round. */
  readonly onStates: (
    states: readonly MartState[],
    balances: BalanceCounts,
    scoring: readonly ScoringStatus[],
    checks: readonly CheckStatus[],
  ) => void;
  /** ClickHouse could not be asked; it is asked again after the interval. */
  readonly onError: (error: unknown) => void;
}

/** Runs until it is disposed of; a refresh that is under way then is given up, and done by whoever is next. */
export function startRefreshing(options: RefreshLoopOptions): AsyncDisposable {
  const stop = new AbortController();
  const running = run(options, stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function run(
  { client, intervalMs, onStates, onError }: RefreshLoopOptions,
  signal: AbortSignal,
): Promise<void> {
  const refresher = await Refresher.open(client, signal);
  while (!signal.aborted) {
    try {
      // Of several processes one does the work; it is no harm when two do.
      const states = await refresher.states();
      if (!states.every((state) => isFresh(state, 0.9 * intervalMs))) await refresher.refresh();
      onStates(
        await refresher.states(),
        await readBalanceCounts(client),
        await readScoringStatus(client),
        await readCheckStatus(client),
      );
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => {});
  }
}

function isFresh({ checkedAgo, error }: MartState, withinMs: number): boolean {
  return checkedAgo !== null && checkedAgo < withinMs && error === null;
}
