/** In: a span of days. Out: their user-days are what their events say, and which were not. */
import { foldDay } from '../processor/day-fold.ts';
import type { Rules } from '../streams/rules.ts';
import { ClickHouseStore } from '../warehouse/clickhouse-store.ts';
import { readNewestRules, recordRules } from '../warehouse/rules-store.ts';
import { RebuiltDays, readSourceDays } from '../warehouse/rebuilt-days.ts';
import type { DifferentDay } from '../warehouse/rebuilt-days.ts';
import { UsageError, WorkError } from './exit-status.ts';
import { ProgressLine } from './progress.ts';
import { openStream } from './registry.ts';
import { streamNamed } from './streams.ts';
import type { ColdWork } from './with-cold-run.ts';
import { withColdRun } from './with-cold-run.ts';

export interface Rebuild extends Omit<ColdWork, 'command'> {
  /** YYYY-MM-DD, both inclusive. */
  readonly from: string;
  readonly to: string;
}

export interface RebuildSummary {
  /** Days of a source that were folded anew. */
  readonly source_days: number;
  readonly user_days: number;
  /** Those that were stored otherwise, all of them mended. */
  readonly different: number;
  /** The first of them. */
  readonly examples: readonly DifferentDay[];
}

const EXAMPLES = 20;
const AT_A_TIME = 1_000;

/** Needs the processors stopped: rows that they write meanwhile may be under older rules. */
export async function rebuildDays({ from, to, ...work }: Rebuild): Promise<RebuildSummary> {
  const { configuration, invocation } = work;
  const command = `reprocess --from ${from} --to ${to}`;
  return withColdRun({ ...work, command }, async (run, client) => {
    const newest = await readNewestRules(client);
    if (newest === undefined)
      throw new WorkError('the database has no rules: nothing was processed');
    refuseExpired(from, newest);
    // The same rules in a new epoch: its versions are above all others, those of wrong rows too.
    const rules = { ...newest, epoch: newest.epoch + 1 };
    const stream = openStream(configuration, streamNamed('app-events'));
    const store = new ClickHouseStore(client);
    const days = await readSourceDays(client, from, to);
    const examples: DifferentDay[] = [];
    const progress = new ProgressLine(invocation, 'reprocess');
    let userDays = 0;
    let different = 0;
    await using rebuilt = await RebuiltDays.open(client);
    try {
      for (const [at, sourceDay] of days.entries()) {
        run.signal.throwIfAborted();
        const { rows, pieces } = await foldDay(
          { stream, rules, store },
          sourceDay.source,
          sourceDay.day,
        );
        if (rows > 0) await store.insert(rebuilt.table, pieces);
        userDays += rows;
        for (;;) {
          const found = await rebuilt.differences(sourceDay, AT_A_TIME);
          if (found.length === 0) break;
          if (different === 0) await recordRules(client, rules);
          const users = found.map(({ user_id }) => user_id);
          await rebuilt.replace(sourceDay, users, rules.epoch);
          different += found.length;
          examples.push(...found.slice(0, EXAMPLES - examples.length));
        }
        progress.tell({ rows: userDays, fraction: (at + 1) / days.length });
      }
    } finally {
      progress.end();
    }
    return { source_days: days.length, user_days: userDays, different, examples };
  });
}

/** From events that are gone nothing can be folded: the user-days of these days stay as they are. */
function refuseExpired(from: string, { eventsFrom = 0 }: Rules): void {
  const first = new Date(eventsFrom * 86_400_000).toISOString().slice(0, 10);
  if (from >= first) return;
  throw new UsageError(
    `the raw events of days before ${first} are no longer kept (EVENTS_RETENTION_DAYS), so the days from ` +
      `${from} up to there cannot be rebuilt and stay as they are: use --from ${first} or later`,
  );
}
