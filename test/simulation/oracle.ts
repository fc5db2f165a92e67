/**
 * In: the models of all sources and the tables as they are. Out: the first difference, in words, or
 * nothing. Compares every column except the times at which something was written.
 */
import type { Rules } from '../../src/streams/rules.ts';
import type { DeadLetter } from '../../src/processor/ports.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import type { MemoryTables } from './memory-tables.ts';
import { foldUserDay } from './model-fold.ts';
import type { AcceptedUserDay, Decided, SourceModel } from './model.ts';
import type { KeptEvent } from './model-rules.ts';
import { binary } from './native-reader.ts';
import type { Row, Value } from './native-reader.ts';
import type { LogRecord } from './log.ts';

const STREAM = 'app-events';

/** Lists without an order of their own. */
const UNORDERED = new Set(['event_counts', 'platform_counts', 'properties', 'platforms']);

export interface Expected {
  readonly models: readonly SourceModel[];
  readonly rulesByEpoch: ReadonlyMap<number, Rules>;
}

export function firstDifference(tables: MemoryTables, expected: Expected): string | undefined {
  return (
    compareRows('events_rows', tables, expected, acceptedRow) ??
    compareRows('late_events_rows', tables, expected, lateRow) ??
    compareRows('rejected_events_rows', tables, expected, rejectedRow) ??
    compareUserDays(tables, expected) ??
    compareListings(tables, expected)
  );
}

/** What a line says of the log up to it, against the model. */
export function compareLine(line: ProgressLine, model: SourceModel): string | undefined {
  const at = model.decided.findIndex(({ record }) => record.offset >= line.nextOffset);
  const covered = at < 0 ? model.decided.length : at;
  const last = model.decided[covered - 1]?.record;
  const totals = model.totals.findLast(({ after }) => after < line.nextOffset)?.now;
  const skipped = model.skipped
    .filter((range) => range.counted && range.first < line.nextOffset)
    .reduce((sum, range) => sum + range.end - range.first - range.kept.size, 0);
  const isClosed = model.closedAt !== null && line.nextOffset === model.closedAt;
  const wanted = {
    ...totals,
    skipped,
    countedFrom: model.countedFrom,
    lastOffset: isClosed ? model.closedAt - 1 : (last?.offset ?? null),
    // What ends has a time before its first record is read: when that began. Two commands at once may
    // both be the first to read a file that was changed.
    lastRecordTime: isCold(line.source) ? (line.lastRecordTime ?? 'a time') : (last?.time ?? null),
  };
  const wrong = Object.entries(wanted).find(
    ([name, value]) => line[name as keyof ProgressLine] !== value,
  );
  if (wrong === undefined) return undefined;
  const [name, value] = wrong;
  const found = line[name as keyof ProgressLine];
  return `line ${line.source}:${line.nextOffset} has ${name} ${String(found)}, not ${String(value)}`;
}

function isCold(source: string): boolean {
  return source.startsWith('file:') || source.includes('#');
}

/** Whether everything is stored that a line covers; the line may never be ahead of it. */
export function missingBelow(
  line: ProgressLine,
  tables: MemoryTables,
  model: SourceModel,
): string | undefined {
  const held = (table: string): Set<number> =>
    new Set(
      tables
        .rows(table)
        .filter((row) => row['source'] === line.source)
        .map((row) => Number(row['offset'])),
    );
  const places: Partial<Record<Decided['decision']['outcome'], Set<number>>> = {
    accepted: held('events_rows'),
    late: held('late_events_rows'),
    future: held('rejected_events_rows'),
  };
  const ahead = `line ${line.source}:${line.nextOffset} is ahead of`;
  for (const { record, decision } of model.decided) {
    if (record.offset >= line.nextOffset) break;
    const outcome = decision.outcome === 'invalid' ? 'future' : decision.outcome;
    if (places[outcome]?.has(record.offset) === false) {
      return `${ahead} the ${decision.outcome} record ${record.offset}`;
    }
  }
  const versions = new Map(
    tables
      .rows('user_day_rows')
      .filter((row) => row['source'] === line.source)
      .map((row) => [
        `${String(row['event_date'])} ${String(row['user_id'])}`,
        Number(row['events']),
      ]),
  );
  for (const { day, user, events } of model.userDays.values()) {
    const covered = events.filter(({ offset }) => offset < line.nextOffset).length;
    const stored = versions.get(`${day} ${binary(user)}`) ?? 0;
    if (stored < covered) return `${ahead} user-day ${day} ${user}: ${stored} of ${covered} events`;
  }
  return undefined;
}

/** A user-day that counts events which are not stored yet: whoever dies now leaves it wrong. */
export function aheadOfEvents(userDays: readonly Row[], tables: MemoryTables): string | undefined {
  const name = (row: Row): string =>
    `${String(row['event_date'])} ${String(row['user_id'])} of ${String(row['source'])}`;
  const stored = new Map<string, number>();
  for (const row of tables.rows('events_rows')) {
    stored.set(name(row), (stored.get(name(row)) ?? 0) + 1);
  }
  for (const row of userDays) {
    const events = stored.get(name(row)) ?? 0;
    if (events < Number(row['events'])) {
      return `user-day ${name(row)} counts ${String(row['events'])} events, of which ${events} are stored`;
    }
  }
  return undefined;
}

/** Every refused record was sent, with its own bytes. */
export function lostLetter(
  letters: readonly DeadLetter[],
  models: readonly SourceModel[],
): string | undefined {
  const sent = new Map(letters.map((letter) => [`${letter.source} ${letter.offset}`, letter]));
  for (const model of models) {
    for (const { record, decision } of model.decided) {
      if (decision.outcome !== 'invalid' && decision.outcome !== 'future') continue;
      const letter = sent.get(`${model.source} ${record.offset}`);
      const where = `the dead letter of ${model.source} ${record.offset}`;
      if (letter === undefined) return `${where} is missing`;
      if (letter.reason !== decision.reason) return `${where} says ${letter.reason}`;
      const same =
        sameBytes(letter.key, record.key) &&
        sameBytes(letter.value, record.value) &&
        letter.time === record.time &&
        letter.headers.length === record.headers.length;
      if (!same) return `${where} is not the record`;
    }
  }
  return undefined;
}

function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

type MakeRow = (source: string, decided: Decided) => Row | undefined;

function compareRows(
  table: string,
  tables: MemoryTables,
  { models }: Expected,
  make: MakeRow,
): string | undefined {
  const place = (row: Row): string => `${String(row['source'])} ${String(row['offset'])}`;
  const stored = new Map<string, Row>();
  for (const row of tables.rows(table)) {
    if (stored.has(place(row))) return `${table} has two rows of ${place(row)}`;
    stored.set(place(row), row);
  }
  for (const model of models) {
    for (const decided of [...model.decided, ...model.kept]) {
      const wanted = make(model.source, decided);
      if (wanted === undefined) continue;
      const found = stored.get(place(wanted));
      const difference = compareRow(found, wanted);
      if (difference !== undefined) return `${table} ${place(wanted)}: ${difference}`;
      stored.delete(place(wanted));
    }
  }
  const [extra] = stored.keys();
  return extra === undefined ? undefined : `${table} has a row of ${extra}, which it should not`;
}

function compareUserDays(
  tables: MemoryTables,
  { models, rulesByEpoch }: Expected,
): string | undefined {
  const name = (day: Value, user: Value, source: string): string =>
    `user-day ${String(day)} ${String(user)} of ${source}`;
  const stored = new Map<string, Row>();
  const buckets = new Map<Value, Value>();
  // A user-day whose events were all removed leaves an empty row, which readers do not see.
  for (const row of tables.rows('user_day_rows').filter((one) => Number(one['events']) > 0)) {
    const key = name(row['event_date'] ?? 0, row['user_id'] ?? '', String(row['source']));
    if (stored.has(key)) return `${key} has two rows`;
    stored.set(key, row);
  }
  for (const row of [...tables.rows('events_rows'), ...tables.rows('user_day_rows')]) {
    const user = row['user_id'] ?? '';
    const bucket = row['bucket'] ?? 0;
    if ((buckets.get(user) ?? bucket) !== bucket) return `${String(user)} is in two buckets`;
    buckets.set(user, bucket);
  }
  for (const model of models) {
    for (const userDay of model.userDays.values()) {
      const key = name(userDay.day, binary(userDay.user), model.source);
      const found = stored.get(key);
      stored.delete(key);
      if (found === undefined) return `${key} is missing`;
      const epoch = Math.floor(Number(found['version']) / 2 ** 32);
      const rules = rulesByEpoch.get(epoch);
      const newest = Math.max(...userDay.events.map((event) => event.epoch));
      if (rules === undefined || epoch < newest)
        return `${key} is of rules ${epoch}, not ${newest}`;
      const difference = compareRow(found, userDayRow(userDay, rules));
      if (difference !== undefined) return `${key}: ${difference}`;
    }
  }
  const extra = [...stored.keys()][0];
  return extra === undefined ? undefined : `${extra} should not be there`;
}

function compareListings(
  tables: MemoryTables,
  { models, rulesByEpoch }: Expected,
): string | undefined {
  const listed = new Set(tables.rows('event_types').map((row) => row['event_type']));
  for (const { decided } of models) {
    for (const { decision, epoch } of decided) {
      if (decision.outcome !== 'accepted') continue;
      const type = decision.event.event_type;
      const known = rulesByEpoch.get(epoch)?.eventTypes.types.some((one) => one.name === type);
      if (known !== true && !listed.has(binary(type))) return `event type ${type} is not listed`;
    }
  }
  return undefined;
}

function compareRow(found: Row | undefined, wanted: Row): string | undefined {
  if (found === undefined) return 'is missing';
  for (const [name, value] of Object.entries(wanted)) {
    const [a, b] = [canonical(name, found[name] ?? null), canonical(name, value)];
    if (a !== b) return `${name} is ${a}, not ${b}`;
  }
  return undefined;
}

function canonical(name: string, value: Value): string {
  if (name === 'session_fragments' && Array.isArray(value)) {
    const fragments = value as readonly (readonly Value[])[];
    return fragments
      .map(([start, end, events, counts]) =>
        [start, end, events, canonical('event_counts', counts ?? null)].join(' '),
      )
      .join('; ');
  }
  if (UNORDERED.has(name) && Array.isArray(value)) {
    return (value as readonly Value[]).map(text).sort().join(', ');
  }
  return text(value);
}

function text(value: Value): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? part.toString() : part,
  );
}

function envelope(source: string, record: LogRecord): Row {
  return {
    source,
    offset: record.offset,
    ...(source.startsWith('file:') ? {} : { record_time: record.time === -1 ? null : record.time }),
  };
}

function fields(event: KeptEvent): Row {
  const { day, properties, ...rest } = event;
  const row: Record<string, Value> = {
    event_date: day,
    properties: Object.entries(properties).map(([key, value]) => [binary(key), binary(value)]),
  };
  for (const [name, value] of Object.entries(rest)) {
    row[name] = typeof value === 'string' ? binary(value) : value;
  }
  return row;
}

function acceptedRow(source: string, { record, decision }: Decided): Row | undefined {
  if (decision.outcome !== 'accepted') return undefined;
  return { ...envelope(source, record), ...fields(decision.event) };
}

function lateRow(source: string, { record, decision }: Decided): Row | undefined {
  if (decision.outcome !== 'late') return undefined;
  const { event, daysLate } = decision;
  return { ...envelope(source, record), ...fields(event), days_late: daysLate };
}

function rejectedRow(source: string, { record, decision }: Decided): Row | undefined {
  if (decision.outcome !== 'invalid' && decision.outcome !== 'future') return undefined;
  return {
    stream: STREAM,
    ...envelope(source, record),
    outcome: decision.outcome,
    reason: decision.reason,
    key: record.key === null ? null : record.key.toString('latin1'),
    bytes: record.value === null ? null : record.value.toString('latin1'),
  };
}

function userDayRow(userDay: AcceptedUserDay, rules: Rules): Row {
  const events = userDay.events.map(({ event }) => event);
  return foldUserDay(events, rules);
}
