/** Takes the vital signs again and again. In: a client and an interval. Out: what was found, or that nothing was. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { readVitalSigns } from './vital-signs.ts';
import type { VitalSigns } from './vital-signs.ts';

export interface VitalSignsOptions {
  readonly client: ClickHouseClient;
  /** From the end of one look to the start of the next. At least 1. */
  readonly intervalMs: number;
  /** Undefined: ClickHouse could not be asked, or gave no answer. */
  readonly onSigns: (signs: VitalSigns | undefined) => void;
}

/** Runs until it is disposed of. */
export function watchVitalSigns({
  client,
  intervalMs,
  onSigns,
}: VitalSignsOptions): AsyncDisposable {
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      // Whoever writes meets the same error, and says it.
      const signs = await readVitalSigns(client, stop.signal).catch(() => undefined);
      if (stop.signal.aborted) return;
      onSigns(signs);
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
