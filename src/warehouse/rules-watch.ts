/**
 * Whether rules have become stricter about what is kept. In: the rules that a processor works under. Out: a
 * signal when there are newer ones; and months of raw events that go when their time has come.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import type { Rules } from '../streams/rules.ts';
import { dropExpiredMonths, firstKeptDay } from './events-retention.ts';
import { adoptRules, onlyKeepLess, readNewestRules } from './rules-store.ts';

export interface RulesWatchOptions {
  readonly client: ClickHouseClient;
  readonly rules: Rules;
  readonly intervalMs: number;
  /** How many days of raw events are kept; undefined: all. */
  readonly retentionDays: number | undefined;
  /** Months that were let go, as YYYYMM. */
  readonly onDropped: (months: readonly string[]) => void;
  /** ClickHouse could not be asked; it is asked again after the interval. */
  readonly onError: (error: unknown) => void;
}

export interface RulesWatch extends AsyncDisposable {
  /** Aborted when the newest rules differ from the processor's only in what is not to be kept. */
  readonly changed: AbortSignal;
}

/** Looks until it is disposed of. */
export function watchRules(options: RulesWatchOptions): RulesWatch {
  const stop = new AbortController();
  const changed = new AbortController();
  const running = run(options, stop.signal, changed);
  return {
    changed: changed.signal,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function run(
  { client, rules, intervalMs, retentionDays, onDropped, onError }: RulesWatchOptions,
  stop: AbortSignal,
  changed: AbortController,
): Promise<void> {
  while (!stop.aborted && !changed.signal.aborted) {
    try {
      if (retentionDays !== undefined) {
        const eventsFrom = await firstKeptDay(client, retentionDays);
        if (eventsFrom > (rules.eventsFrom ?? 0))
          await adoptRules(client, { ...rules, eventsFrom });
      }
      const newest = await readNewestRules(client);
      if (newest !== undefined && onlyKeepLess(rules, newest)) return changed.abort();
      const dropped = await dropExpiredMonths(client, rules, stop);
      if (dropped.length > 0) onDropped(dropped);
    } catch (error) {
      if (!stop.aborted) onError(error);
    }
    await sleep(intervalMs, undefined, { signal: stop }).catch(() => {});
  }
}
