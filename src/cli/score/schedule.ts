/**
 * When scoring runs: once, or whenever a cron pattern says. In: the work. Out: done under a lease, so that
 * one process at a time computes a model.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { Cron } from 'croner';
import type { Configuration } from '../../config/configuration.ts';
import { takeLease } from '../../warehouse/lease.ts';
import { UsageError, explanationOf } from '../exit-status.ts';
import { say } from '../invocation.ts';
import type { Invocation } from '../invocation.ts';
import type { ModelName } from './runs.ts';
import { openMigratedWarehouse } from '../warehouse.ts';

export interface ScoringWork {
  readonly model: ModelName;
  readonly configuration: Configuration;
  readonly invocation: Invocation;
  /** Of the configured time zone; `undefined`: at once, and once. */
  readonly schedule: string | undefined;
  /** One run; its signal is aborted also when another process may have begun. */
  readonly run: (client: ClickHouseClient, signal: AbortSignal) => Promise<void>;
}

/** With a schedule it returns when it is interrupted, and a run that fails is said and not the end. */
export async function runScoring(work: ScoringWork): Promise<void> {
  const { configuration, invocation, schedule } = work;
  const cron = schedule === undefined ? undefined : cronOf(schedule, configuration.rules.timezone);
  await using warehouse = await openMigratedWarehouse(configuration, invocation);
  if (cron === undefined) return await runOnce(work, warehouse.client);
  const { signal } = invocation;
  let due = cron.nextRun();
  while (due !== null) {
    say(invocation, `next run of ${work.model}: ${due.toISOString()}`);
    if (!(await waitUntil(due, signal))) return;
    try {
      await runOnce(work, warehouse.client);
    } catch (error) {
      if (signal.aborted) return;
      say(invocation, `the run of ${due.toISOString()} failed: ${explanationOf(error)}`);
    }
    const missed = cron.nextRun(due);
    if (missed !== null && missed.getTime() <= Date.now()) {
      say(invocation, `skipped what was due from ${missed.toISOString()} on: a run was at work`);
    }
    due = cron.nextRun();
  }
}

async function runOnce({ model, invocation, run }: ScoringWork, client: ClickHouseClient) {
  const { signal } = invocation;
  await using lease = await takeLease(client, `scoring ${model}`, {
    command: `score ${model}`,
    signal,
  });
  try {
    await run(client, AbortSignal.any([signal, lease.lost]));
  } catch (error) {
    // What the work says of its end is that it was ended.
    if (lease.lost.aborted && !signal.aborted) throw lease.lost.reason;
    throw error;
  }
}

function cronOf(pattern: string, timezone: string): Cron {
  try {
    return new Cron(pattern, { timezone, paused: true });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : '';
    throw new UsageError(
      `--schedule must be a cron pattern such as "30 4 * * *" (04:30 every day), got "${pattern}": ${why}`,
    );
  }
}

/** False when it was interrupted. */
async function waitUntil(moment: Date, signal: AbortSignal): Promise<boolean> {
  try {
    for (;;) {
      const left = moment.getTime() - Date.now();
      if (left <= 0) return !signal.aborted;
      // A timer cannot be longer than 24 days, and clocks are set.
      await sleep(Math.min(left, 3_600_000), undefined, { signal });
    }
  } catch {
    return false;
  }
}
