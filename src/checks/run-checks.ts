/**
 * In: checks and a database. Out: of each whether it holds, and the rows where not.
 *
 * In a query `{progress}` stands for the table `source_progress` as it was before the query began: what
 * those lines cover is stored, whatever processors do meanwhile. `{from: Date}` and `{to: Date}` confine
 * it to days, both included; days before `{settled: Date}` change no more by themselves.
 */
import { TupleParam } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import PQueue from 'p-queue';
import { warehouseError } from '../warehouse/errors.ts';
import { Refresher } from '../warehouse/refresher.ts';
import { ask } from './ask.ts';
import type { Check, CheckResult, Severity } from './check.ts';
import { groupsOf, holdingAtAGlance, isOfClickHouse } from './glance.ts';
import { readMoment, wroteColdSince } from './moment.ts';
import type { Moment } from './moment.ts';

export interface CheckRun {
  readonly client: ClickHouseClient;
  readonly checks: readonly Check[];
  /** First day, as 2026-01-31; undefined: `days` before the last one. */
  readonly from: string | undefined;
  /** Last day; undefined: the last there is. */
  readonly to: string | undefined;
  readonly days: number;
  readonly signal: AbortSignal;
}

const SHOWN = 10;
const AT_ONCE = 4;

interface Found {
  readonly failing: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * In the order of the checks.
 * @throws WarehouseError when ClickHouse cannot be asked at all.
 */
export async function runChecks(run: CheckRun): Promise<readonly CheckResult[]> {
  const { client, checks, signal } = run;
  const moment = await readMoment(run);
  let refreshing: Promise<unknown> | undefined;
  const refreshed = () =>
    (refreshing ??= Refresher.open(client, signal).then((refresher) => refresher.refresh()));
  const queue = new PQueue({ concurrency: AT_ONCE });
  const results = new Map<Check, CheckResult>();
  await queue.addAll(
    groupsOf(checks).map((group) => async () => {
      const started = performance.now();
      const days = { ...moment.days[group[0]!.stream] };
      const held = await holdingAtAGlance(client, group, days, signal);
      const seconds = secondsSince(started) / group.length;
      for (const check of group) {
        const result = held.has(check)
          ? resultOf(check, seconds)
          : await runCheck(run, check, moment, refreshed);
        results.set(check, result);
      }
    }),
  );
  return checks.map((check) => results.get(check)!);
}

async function runCheck(
  { client, signal }: CheckRun,
  check: Check,
  moment: Moment,
  refreshed: () => Promise<unknown>,
): Promise<CheckResult> {
  const started = performance.now();
  const result = (more: Partial<CheckResult>) => resultOf(check, secondsSince(started), more);
  if (check.fault !== undefined) return result({ status: 'broken', reason: check.fault });
  const look = () => find(client, check, moment, signal);
  try {
    let found = await look();
    if (found.failing > check.tolerates && check.readsMarts) {
      await refreshed();
      found = await look();
    }
    if (found.failing <= check.tolerates) return result(found);
    if (check.readsMarts && (await wroteColdSince(client, moment.startedAt))) {
      return result({ status: 'skipped', reason: 'files or late events are being written' });
    }
    const severity: Severity =
      check.errorAbove !== undefined && found.failing > check.errorAbove ? 'error' : check.severity;
    return result({ ...found, status: 'failed', severity });
  } catch (error) {
    const fault = warehouseError(error, `run the check ${check.name}`);
    // The next check would meet the same.
    if (fault.retryable || !isOfClickHouse(fault)) throw fault;
    return result({ status: 'broken', reason: fault.message });
  }
}

/** It holds, unless there is more to say. */
function resultOf(
  { name, kind, severity, promise, remedy }: Check,
  seconds: number,
  more: Partial<CheckResult> = {},
): CheckResult {
  return {
    name,
    kind,
    severity,
    status: 'ok',
    promise,
    remedy,
    failing: 0,
    rows: [],
    reason: '',
    ...more,
    seconds: Number(seconds.toFixed(3)),
  };
}

const secondsSince = (started: number) => (performance.now() - started) / 1000;

async function find(
  client: ClickHouseClient,
  { query: text, stream }: Check,
  moment: Moment,
  signal: AbortSignal,
): Promise<Found> {
  const query = text.replaceAll('{progress}', PROGRESS);
  const progress = query === text ? [] : await readProgress(client, signal);
  const rows = await ask<Record<string, unknown> & { failing__: number }>(
    client,
    `SELECT *, count() OVER () AS failing__ FROM (\n${query}\n) LIMIT ${SHOWN}`,
    { progress, ...moment.days[stream] },
    signal,
  );
  return {
    failing: rows[0]?.failing__ ?? 0,
    rows: rows.map(({ failing__: _, ...row }) => row),
  };
}
const PROGRESS = `(
    SELECT line.stream AS stream, line.source AS source, line.counted_from AS counted_from,
        line.next_offset AS next_offset, line.accepted AS accepted, line.late AS late,
        line.future AS future, line.invalid AS invalid
    FROM (SELECT arrayJoin({progress: Array(Tuple(stream String, source String, counted_from UInt64,
        next_offset UInt64, accepted UInt64, late UInt64, future UInt64, invalid UInt64))}) AS line)
)`;

async function readProgress(
  client: ClickHouseClient,
  signal: AbortSignal,
): Promise<readonly TupleParam[]> {
  const result = await client.query({
    query: `
SELECT stream, source, counted_from, next_offset, accepted, late, future, invalid
FROM source_progress`,
    format: 'JSONCompactEachRow',
    abort_signal: signal,
  });
  const lines = await result.json<readonly (string | number)[]>();
  return lines.map((line) => new TupleParam(line));
}
