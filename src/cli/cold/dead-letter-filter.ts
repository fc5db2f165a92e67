/**
 * In: what a person wants to see of the refused and late records. Out: the SQL that selects them, for
 * whoever counts them, shows them or sends them again.
 */
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { instant } from '../../config/kinds.ts';
import { repeatable } from '../options.ts';

/** All that are given must hold; one of several values is enough. */
export interface DeadLetterFilter {
  readonly source?: readonly string[];
  /** A code of `docs/outcomes.md`, or `late`. */
  readonly reason?: readonly string[];
  /** Record time (when it was stored, for a record that has none), microseconds since 1970; inclusive. */
  readonly since?: number;
  /** Likewise; exclusive. */
  readonly until?: number;
}

export interface DeadLetterSelection {
  /**
   * A query of `stream, source, offset, at, outcome, reason, done_at`, one row per record. `at` is the time
   * that `since` and `until` mean, `done_at` when the record was sent again or applied (NULL = not yet).
   */
  readonly query: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

const ALL = `
    SELECT
        stream,
        source,
        offset,
        ifNull(record_time, rejected_at) AS at,
        outcome,
        reason,
        replayed_at AS done_at
    FROM rejected_events
    UNION ALL
    SELECT
        'app-events' AS stream,
        source,
        offset,
        ifNull(record_time, ingested_at) AS at,
        'late' AS outcome,
        'late' AS reason,
        applied_at AS done_at
    FROM late_events
    UNION ALL
    SELECT
        'order-lines' AS stream,
        source,
        offset,
        ifNull(record_time, ingested_at) AS at,
        'late' AS outcome,
        'late' AS reason,
        applied_at AS done_at
    FROM late_order_lines_rows FINAL`;

export function filterOptions(command: Command): Command {
  return command
    .option(
      '--reason <code>',
      'only this reason, such as miles_missing or late; repeatable',
      repeatable,
    )
    .option('--source <name>', 'only this source, such as app-events/0; repeatable', repeatable)
    .option(
      '--since <time>',
      'only records from this time on (UTC unless it says its zone)',
      moment,
    )
    .option('--until <time>', 'only records before this time', moment);
}

export function selected({ source, reason, since, until }: DeadLetterFilter): DeadLetterSelection {
  const conditions = [
    ...(source === undefined ? [] : ['has({sources: Array(String)}, source)']),
    ...(reason === undefined ? [] : ['has({reasons: Array(String)}, reason)']),
    ...(since === undefined ? [] : ["at >= fromUnixTimestamp64Micro({since: Int64}, 'UTC')"]),
    ...(until === undefined ? [] : ["at < fromUnixTimestamp64Micro({until: Int64}, 'UTC')"]),
  ];
  const where = conditions.length === 0 ? '' : `\nWHERE ${conditions.join('\n    AND ')}`;
  return {
    query: `SELECT *\nFROM\n(${ALL}\n)${where}`,
    parameters: { sources: source, reasons: reason, since, until },
  };
}

function moment(text: string): number {
  const parsed = instant.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`It must be ${instant.accepts}.`);
}
