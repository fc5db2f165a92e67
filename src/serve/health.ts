/** In: where the partitions are, and what else is known. Out: whether the process is alive, and ready, with reasons. */
import { logName } from './partition-state.ts';
import type { PartitionState } from './partition-state.ts';

export interface Health {
  readonly ok: boolean;
  /** What is wrong; empty when nothing is. */
  readonly reasons: readonly string[];
}

/** So long without an answer to a fetch, with nothing left to store, and reading has come to a halt. */
const HALTED_AFTER_MS = 120_000;
/** So long, and the brokers are out of reach. */
const SILENT_AFTER_MS = 15_000;

/**
 * Not alive: a restart may help. While records wait to be stored nothing is fetched on purpose, and a
 * ClickHouse that is down is not mended by a restart, so neither counts.
 */
export function liveness(partitions: readonly PartitionState[], now: number): Health {
  return health(
    partitions
      .filter((state) => !storing(state) && silence(state, now) > HALTED_AFTER_MS)
      .map((state) => silent(state, now)),
  );
}

/** Not ready: it is not doing its work at present. `warehouse` says why ClickHouse cannot be used, or null. */
export function readiness(
  partitions: readonly PartitionState[],
  warehouse: string | null,
  problems: readonly string[],
  now: number,
): Health {
  const reasons = [...problems];
  if (warehouse !== null) reasons.push(`ClickHouse cannot be reached: ${warehouse}`);
  if (partitions.length === 0) reasons.push('no partition is assigned to this process yet');
  for (const state of partitions) {
    if (state.committed === null) reasons.push(`${logName(state)} is not taken up yet`);
    else if (!storing(state) && silence(state, now) > SILENT_AFTER_MS) {
      reasons.push(silent(state, now));
    }
  }
  return health(reasons);
}

function storing({ position, committed }: PartitionState): boolean {
  return position !== null && committed !== null && position > committed;
}

/** Milliseconds since the last answer, or since the first one is waited for; 0 while none is. */
function silence({ lastFetchAt, readingSince }: PartitionState, now: number): number {
  return now - (lastFetchAt ?? readingSince ?? now);
}

function silent(state: PartitionState, now: number): string {
  const seconds = Math.floor(silence(state, now) / 1000);
  return `no broker has answered a fetch of ${logName(state)} for ${seconds} s`;
}

function health(reasons: readonly string[]): Health {
  return { ok: reasons.length === 0, reasons };
}
