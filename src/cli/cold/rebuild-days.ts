/** In: a span of days. Out: their user-days and customer-days are what was accepted, and which were not. */
import PQueue from 'p-queue';
import { foldDay } from '../../processor/day-fold.ts';
import type { DayFoldOptions } from '../../processor/day-fold.ts';
import type { Rules } from '../../streams/rules.ts';
import { ClickHouseStore } from '../../warehouse/clickhouse-store.ts';
import { RebuiltDay, dropLeftDays, readSourceDays } from '../../warehouse/rebuilt-day.ts';
import type { Aggregates, DifferentDay, SourceDay } from '../../warehouse/rebuilt-day.ts';
import { readNewestRules, recordRules } from '../../warehouse/rules-store.ts';
import { UsageError, WorkError } from '../exit-status.ts';
import { ProgressLine } from '../progress.ts';
import { openStream } from '../registry.ts';
import { STREAMS } from '../streams.ts';
import type { ColdWork } from './with-cold-run.ts';
import { withColdRun } from './with-cold-run.ts';

export interface Rebuild extends Omit<ColdWork, 'command'> {
  /** YYYY-MM-DD, both inclusive. */
  readonly from: string;
  readonly to: string;
}

export interface RebuildSummary {
  /** Rows that were folded anew: user-days and customer-days, by source. */
  readonly folded: number;
  /** Those that were stored otherwise, all of them mended. */
  readonly different: number;
  /** The first of them. */
  readonly examples: readonly DifferentRow[];
}

export interface DifferentRow extends DifferentDay {
  /** Where it is. */
  readonly table: string;
}

/** A day of one of the tables. */
interface Part {
  readonly of: Aggregates;
  readonly fold: DayFoldOptions;
  readonly day: SourceDay;
}

const EXAMPLES = 20;
/** While one day is folded here, ClickHouse compares another. */
const DAYS_AT_ONCE = 2;

/** Needs the processors stopped: rows that they write meanwhile may be under older rules. */
export async function rebuildDays({ from, to, ...work }: Rebuild): Promise<RebuildSummary> {
  const { configuration, invocation } = work;
  const command = `reprocess --from ${from} --to ${to}`;
  return withColdRun({ ...work, command }, async (run, client) => {
    const newest = await readNewestRules(client);
    if (newest === undefined)
      throw new WorkError('the database has no rules: nothing was processed');
    refuseExpired(from, newest);
    await dropLeftDays(client);
    // The same rules in a new epoch: its versions are above all others, those of wrong rows too.
    const rules = { ...newest, epoch: newest.epoch + 1 };
    const store = new ClickHouseStore(client);
    const parts: Part[] = [];
    for (const facts of STREAMS) {
      const stream = openStream(configuration, facts);
      const { accepted, aggregates } = stream.tables;
      const columns = stream.interpreter(rules).rows()?.columns;
      if (aggregates === null || columns === undefined) continue;
      const content = columns.map(({ name }) => name);
      const of = { accepted, aggregates, entity: stream.entity, content };
      for (const day of await readSourceDays(client, of, from, to)) {
        parts.push({ of, fold: { stream, rules, store }, day });
      }
    }
    const examples: DifferentRow[] = [];
    let [done, folded, different] = [0, 0, 0];
    let recorded: Promise<void> | undefined;
    const progress = new ProgressLine(invocation, 'reprocess');

    const rebuild = async ({ of, fold, day }: Part): Promise<void> => {
      run.signal.throwIfAborted();
      await using rebuilt = await RebuiltDay.open(client, of, day.date);
      for (const source of day.sources) {
        const { rows, pieces } = await foldDay(fold, source, day.day);
        if (rows > 0) await store.insert(rebuilt.table, pieces);
        folded += rows;
      }
      run.signal.throwIfAborted();
      const found = await rebuilt.differences(EXAMPLES);
      if (found.rows > 0) {
        await (recorded ??= recordRules(client, rules));
        await rebuilt.replace(rules.epoch);
        const [left] = (await rebuilt.differences(1)).examples;
        if (left !== undefined) throw notMended(of, left);
        different += found.rows;
        for (const one of found.examples.slice(0, EXAMPLES - examples.length)) {
          examples.push({ table: of.aggregates.replace(/_rows$/, 's'), ...one });
        }
      }
      progress.tell({ rows: folded, fraction: ++done / parts.length });
    };
    const queue = new PQueue({ concurrency: DAYS_AT_ONCE });
    try {
      await queue.addAll(parts.map((part) => () => rebuild(part)));
    } finally {
      // Each takes its own table away.
      queue.clear();
      await queue.onIdle();
      progress.end();
    }
    return { folded, different, examples };
  });
}

function notMended(
  { aggregates }: Aggregates,
  { event_date, entity, source }: DifferentDay,
): WorkError {
  return new WorkError(
    `${aggregates} has a row of a later version than it can have, of ${entity} on ${event_date} from ${source}: ` +
      'stop the processors and run the same command again; if it stays, delete that row first',
  );
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
