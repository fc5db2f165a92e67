/**
 * In: the distinct accepted events of one user, day and source. Out: their row of user_day_rows,
 * column by column as definitions 2 says. Sorts everything, remembers nothing.
 */
import type { Rules } from '../../src/streams/rules.ts';
import type { KeptEvent } from './model-rules.ts';
import { binary } from './native-reader.ts';
import type { Row, Value } from './native-reader.ts';

export function foldUserDay(events: readonly KeptEvent[], rules: Rules): Row {
  const ordered = events.toSorted(byTimeAndId);
  const first = ordered[0];
  const last = ordered.at(-1);
  if (first === undefined || last === undefined) throw new Error('a user-day without events');
  const earned = ordered.filter((event) => milesOf(event, rules) === 'earned');
  const redeemed = ordered.filter((event) => milesOf(event, rules) === 'redeemed');
  return {
    events: ordered.length,
    event_counts: counts(ordered),
    first_event_at: first.event_time,
    last_event_at: last.event_time,
    first_event_id: binary(first.event_id),
    first_platform: nullable(first.platform),
    first_utm_source: nullable(first.utm_source),
    first_country: nullable(first.country),
    platforms: platforms(ordered),
    platform_counts: platformCounts(ordered),
    miles_earned: sum(earned),
    miles_redeemed: sum(redeemed),
    miles_earned_events: earned.length,
    miles_redeemed_events: redeemed.length,
    session_fragments: fragments(ordered, rules),
    miles_ledger: ordered
      .filter((event) => milesOf(event, rules) !== 'none')
      .map((event) => [event.event_time, binary(event.event_id), delta(event, rules)]),
    version: rules.epoch * 2 ** 32 + ordered.length,
  };
}

export function byTimeAndId(a: KeptEvent, b: KeptEvent): number {
  const ids = Buffer.compare(Buffer.from(a.event_id), Buffer.from(b.event_id));
  return a.event_time - b.event_time || ids;
}

function nullable(text: string | null): Value {
  return text === null ? null : binary(text);
}

function listed(event: KeptEvent, rules: Rules) {
  return rules.eventTypes.types.find((type) => type.name === event.event_type);
}

/** An amount kept under older rules counts under the newer ones only when there is one. */
function milesOf(event: KeptEvent, rules: Rules): 'earned' | 'redeemed' | 'none' {
  return event.miles_amount === null ? 'none' : (listed(event, rules)?.miles ?? 'none');
}

function delta(event: KeptEvent, rules: Rules): number {
  const amount = event.miles_amount ?? 0;
  return milesOf(event, rules) === 'redeemed' && amount !== 0 ? -amount : amount;
}

function sum(events: readonly KeptEvent[]): number {
  return events.reduce((total, event) => total + (event.miles_amount ?? 0), 0);
}

function counts(events: readonly KeptEvent[]): Value {
  return tally(events.map((event) => binary(event.event_type)));
}

function platforms(events: readonly KeptEvent[]): Value {
  const names = events.flatMap((event) => (event.platform === null ? [] : [event.platform]));
  return [...new Set(names)].map(binary).sort();
}

/** Events without a platform are not in it. */
function platformCounts(events: readonly KeptEvent[]): Value {
  const pairs = events.flatMap(({ platform, event_type }) =>
    platform === null ? [] : [JSON.stringify([binary(platform), binary(event_type)])],
  );
  const tallied = tally(pairs);
  return tallied.map(([pair, count]) => [JSON.parse(pair) as Value, count]);
}

function tally(names: readonly string[]): [string, number][] {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** [start, end, events, event_counts] of every run without a gap that is longer than allowed. */
function fragments(ordered: readonly KeptEvent[], rules: Rules): Value {
  const runs: KeptEvent[][] = [];
  for (const event of ordered) {
    if (listed(event, rules)?.serverSide === true) continue;
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (
      run === undefined ||
      before === undefined ||
      event.event_time - before.event_time > rules.sessionGapSeconds * 1_000_000
    ) {
      runs.push([event]);
    } else {
      run.push(event);
    }
  }
  return runs.map((run) => [
    run[0]?.event_time ?? 0,
    run.at(-1)?.event_time ?? 0,
    run.length,
    counts(run),
  ]);
}
