/** Takes the vital signs again and again. In: a client and an interval. Out: what was found, or that nothing was. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { WarehouseError } from './errors.ts';
import { readVitalSigns } from './vital-signs.ts';
import type { VitalSigns } from './vital-signs.ts';

export interface VitalSignsOptions {
  readonly client: ClickHouseClient;
  /** From the end of one look to the start of the next. At least 1. */
  readonly intervalMs: number;
  /** Whether ClickHouse answered; the signs unless it refused to give them. */
  readonly onLook: (answers: boolean, signs: VitalSigns | undefined) => void;
}

/** Runs until it is disposed of. */
export function watchVitalSigns({
  client,
  intervalMs,
  onLook,
}: VitalSignsOptions): AsyncDisposable {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const signs = await readVitalSigns(client, stop.signal);
        onLook(true, signs);
      } catch (error) {
        // Whoever writes meets the same error, and says it.
        if (!stop.signal.aborted) onLook(isRefusal(error), undefined);
      }
      await sleep(intervalMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Errors of ClickHouse itself have numbers. */
function isRefusal(error: unknown): boolean {
  return error instanceof WarehouseError && /^\d+$/.test(error.code);
}
