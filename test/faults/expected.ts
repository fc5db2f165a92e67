/**
 * In: the logs of all sources, and the database. Out: the first differences between what the public views
 * hold and what the plain model makes of the logs, in words. Every column counts, but for the times at
 * which something was written.
 */
import type { ClickHouseClient } from '@clickhouse/client';
import { buffer } from 'node:stream/consumers';
import type { Rules } from '../../src/streams/rules.ts';
import type { LogRecord } from '../simulation/log.ts';
import { modelSource } from '../simulation/model.ts';
import type { Decided, SkippedRange, SourceModel } from '../simulation/model.ts';
import { foldUserDay } from '../simulation/model-fold.ts';
import type { KeptEvent } from '../simulation/model-rules.ts';
import { binary, readNative } from '../simulation/native-reader.ts';
import type { Row, Value } from '../simulation/native-reader.ts';

/** The records that were ever in the log of one source, and what happened to it besides. */
export interface SourceLog {
  readonly source: string;
  readonly records: readonly LogRecord[];
  /** The offset after the last record. */
  readonly end: number;
  readonly skipped: readonly SkippedRange[];
  /** The log before it under the same name: what that accepted counts as duplicate here. */
  readonly before: SourceLog | null;
}

const VIEWS = ['source_progress', 'events', 'late_events', 'rejected_events', 'user_days'] as const;
type View = (typeof VIEWS)[number];
/** By which a row of a view is found again. */
const KEYS: Readonly<Record<View, readonly string[]>> = {
  source_progress: ['source'],
  events: ['source', 'offset'],
  late_events: ['source', 'offset'],
  rejected_events: ['source', 'offset'],
  user_days: ['event_date', 'user_id'],
};
/** Lists whose order means nothing. */
const UNORDERED = new Set(['event_counts', 'platform_counts', 'properties', 'platforms']);
const MOST_DIFFERENCES = 5;

export async function differences(
  client: ClickHouseClient,
  logs: readonly SourceLog[],
  rules: Rules,
): Promise<string[]> {
  const expected = expectedRows(logs, rules);
  const found: string[] = [];
  for (const view of VIEWS) found.push(...compare(view, expected[view], await read(client, view)));
  return found.slice(0, MOST_DIFFERENCES);
}

function expectedRows(logs: readonly SourceLog[], rules: Rules): Record<View, Row[]> {
  const models = new Map<SourceLog, SourceModel>();
  const modelOf = (log: SourceLog): SourceModel => {
    const known = models.get(log);
    if (known !== undefined) return known;
    const first = log.records[0]?.offset ?? 0;
    const before = log.before === null ? null : modelOf(log.before);
    const model = modelSource(
      log.source,
      log.records,
      [{ offset: first, rules }],
      log.skipped,
      (event) => before !== null && holds(before, event),
    );
    models.set(log, model);
    return model;
  };
  const decided = logs.flatMap((log) =>
    modelOf(log).decided.map((one) => ({ source: log.source, ...one })),
  );
  const of = (...outcomes: Decided['decision']['outcome'][]) =>
    decided.filter(({ decision }) => outcomes.includes(decision.outcome));
  return {
    source_progress: logs.map((log) => progressRow(log, modelOf(log), rules)),
    events: of('accepted').map((one) => ({ ...place(one), ...fields(one) })),
    late_events: of('late').map((one) => ({
      ...place(one),
      ...fields(one),
      days_late: one.decision.outcome === 'late' ? one.decision.daysLate : 0,
      applied_at: null,
    })),
    rejected_events: of('invalid', 'future').map(rejectedRow),
    user_days: userDayRows(logs.map(modelOf), rules),
  };
}

function holds(model: SourceModel, { day, user_id, event_id }: KeptEvent): boolean {
  const userDay = model.userDays.get(`${day} ${user_id}`);
  return userDay?.events.some(({ event }) => event.event_id === event_id) === true;
}

function progressRow(log: SourceLog, model: SourceModel, rules: Rules): Row {
  const { accepted, duplicate, late, future, invalid, watermark } = model.totals.at(-1)!.now;
  const last = model.decided.at(-1)?.record;
  return {
    stream: 'app-events',
    source: binary(log.source),
    next_offset: log.end,
    watermark,
    accepted,
    duplicate,
    late,
    future,
    invalid,
    skipped: log.skipped.reduce((sum, { first, end }) => sum + end - first, 0),
    counted_from: 0,
    last_offset: last?.offset ?? null,
    last_record_time: last?.time ?? null,
    rules_epoch: rules.epoch,
  };
}

type Placed = Decided & { readonly source: string };

function place({ source, record }: Placed): Row {
  return { source: binary(source), offset: record.offset, record_time: record.time };
}

function fields({ decision }: Placed): Row {
  if (decision.outcome !== 'accepted' && decision.outcome !== 'late') return {};
  const { day, properties, ...rest } = decision.event;
  const texts = Object.entries(rest).map(([name, value]) => [
    name,
    typeof value === 'string' ? binary(value) : value,
  ]);
  return {
    event_date: day,
    properties: Object.entries(properties).map(([key, value]) => [binary(key), binary(value)]),
    ...(Object.fromEntries(texts) as Row),
  };
}

function rejectedRow(one: Placed): Row {
  const { record, decision } = one;
  return {
    stream: 'app-events',
    ...place(one),
    outcome: decision.outcome,
    reason: 'reason' in decision ? decision.reason : null,
    key: record.key?.toString('latin1') ?? null,
    bytes: record.value?.toString('latin1') ?? null,
    replayed_at: null,
  };
}

/** Sources combined: the fold over the events of all of them. */
function userDayRows(models: readonly SourceModel[], rules: Rules): Row[] {
  const userDays = new Map<string, { day: number; user: string; perSource: KeptEvent[][] }>();
  for (const model of models) {
    for (const [key, { day, user, events }] of model.userDays) {
      const combined = userDays.get(key) ?? { day, user, perSource: [] };
      combined.perSource.push(events.map(({ event }) => event));
      userDays.set(key, combined);
    }
  }
  return [...userDays.values()].map(({ day, user, perSource }) => ({
    event_date: day,
    user_id: binary(user),
    ...foldUserDay(perSource.flat(), rules),
    version: perSource.reduce((sum, events) => sum + rules.epoch * 2 ** 32 + events.length, 0),
  }));
}

async function read(client: ClickHouseClient, view: View): Promise<Row[]> {
  const described = await client.query({ query: `DESCRIBE ${view}`, format: 'JSONEachRow' });
  const columns = (await described.json<{ name: string; type: string }>()).map(
    ({ name, type }) => `CAST(${name}, '${plain(type).replaceAll("'", "\\'")}') AS ${name}`,
  );
  const { stream } = await client.exec({
    query: `SELECT ${columns.join(', ')} FROM ${view} FORMAT Native`,
  });
  return readNative(await buffer(stream)).flatMap(({ rows }) => rows);
}

/** A type without LowCardinality: the same values, and simpler to read. */
function plain(type: string): string {
  return type.replaceAll(/LowCardinality\((\w+(?:\(\w+\))?)\)/g, '$1');
}

function compare(view: View, expected: readonly Row[], found: readonly Row[]): string[] {
  const wrong: string[] = [];
  const name = (row: Row) => `${view} ${KEYS[view].map((key) => text(row[key]!)).join(' ')}`;
  const left = new Map<string, Row>();
  for (const row of found) {
    if (left.has(name(row))) wrong.push(`${name(row)} is there twice`);
    left.set(name(row), row);
  }
  for (const wanted of expected) {
    const row = left.get(name(wanted));
    if (row === undefined) {
      wrong.push(`${name(wanted)} is missing`);
      continue;
    }
    left.delete(name(wanted));
    for (const [column, value] of Object.entries(wanted)) {
      const [is, should] = [canonical(column, row[column]), canonical(column, value)];
      if (is !== should) wrong.push(`${name(wanted)}: ${column} is ${is}, not ${should}`);
    }
  }
  for (const row of left.keys()) wrong.push(`${row} should not be there`);
  return wrong;
}

function canonical(column: string, value: Value | undefined): string {
  if (value === undefined) return 'no such column';
  if (!Array.isArray(value)) return text(value);
  const list = value as readonly Value[];
  if (UNORDERED.has(column)) return list.map(text).sort().join(', ');
  if (column === 'session_fragments') {
    const fragments = list as readonly (readonly Value[])[];
    return fragments
      .map(([start, end, events, counts]) =>
        [start, end, events, canonical('event_counts', counts)].join(' '),
      )
      .join('; ');
  }
  return text(value);
}

function text(value: Value): string {
  const digits = (_: string, part: unknown) => (typeof part === 'bigint' ? part.toString() : part);
  return JSON.stringify(value, digits);
}
