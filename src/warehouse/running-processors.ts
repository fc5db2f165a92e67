/**
 * Which processors run, and under which rules. In: each says so while it does. Out: those that still work
 * under older rules than some, before which nothing may be removed for good.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { warehouseError } from './errors.ts';
import { joinLease, leaseHolders } from './lease.ts';
import type { LeaseHolder } from './lease.ts';

const LOOK_EVERY_MS = 500;

/** Until it is disposed, this process is one that works under the rules of an epoch. */
export function announceProcessor(
  client: ClickHouseClient,
  epoch: number,
): Promise<AsyncDisposable> {
  return joinLease(client, `processor/${epoch}`, 'run');
}

/** Those under rules older than an epoch. */
export async function outdatedProcessors(
  client: ClickHouseClient,
  epoch: number,
): Promise<readonly LeaseHolder[]> {
  const condition =
    "startsWith(name, 'processor/') AND toUInt32(splitByChar('/', name::String)[2]) < {epoch: UInt32}";
  try {
    return await leaseHolders(client, condition, { epoch });
  } catch (error) {
    throw warehouseError(error, 'look which processors run');
  }
}

/** Waits until there are none of these; returns those that there still are after `patienceMs`. */
export async function awaitProcessors(
  client: ClickHouseClient,
  epoch: number,
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<readonly LeaseHolder[]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const outdated = await outdatedProcessors(client, epoch);
    if (outdated.length === 0 || performance.now() > deadline) return outdated;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
