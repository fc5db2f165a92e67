/**
 * In: the log of one source, and which rules were in force from which offset on. Out: everything
 * that must be stored about it in the end. The judge of the simulation: written from the
 * definitions, in one pass, without batches, caches, loads or retries.
 */
import type { Rules } from '../../src/streams/rules.ts';
import type { LogRecord } from './log.ts';
import { brokenRule, keep, localDay } from './model-rules.ts';
import type { KeptEvent } from './model-rules.ts';

/** From `offset` on, these rules decide. The first step begins at the log's first offset. */
export interface PathStep {
  readonly offset: number;
  readonly rules: Rules;
}

/** Offsets from `first` up to, not including, `end`, which the log had dropped before they were read. */
export interface SkippedRange {
  readonly first: number;
  readonly end: number;
  /** Not counted when they were dropped before the source had its first line. */
  readonly counted: boolean;
  /** Of these the rows were stored before the process that had done so died: they stay, as what they are. */
  readonly kept: ReadonlyMap<number, Decision['outcome']>;
}

export type Decision =
  | { readonly outcome: 'accepted'; readonly event: KeptEvent }
  | { readonly outcome: 'duplicate' }
  | {
      readonly outcome: 'late';
      readonly event: KeptEvent;
      readonly daysLate: number;
    }
  | { readonly outcome: 'future'; readonly reason: string }
  | { readonly outcome: 'invalid'; readonly reason: string };

export interface Decided {
  readonly record: LogRecord;
  readonly decision: Decision;
  readonly epoch: number;
}

export interface Totals {
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  readonly watermark: number | null;
}

export interface AcceptedUserDay {
  readonly day: number;
  readonly user: string;
  readonly events: {
    readonly offset: number;
    readonly event: KeptEvent;
    readonly epoch: number;
  }[];
}

export interface SourceModel {
  readonly source: string;
  readonly decided: readonly Decided[];
  /** Totals after each record that counts; the first ones are those of nothing. */
  readonly totals: readonly { readonly after: number; readonly now: Totals }[];
  readonly userDays: ReadonlyMap<string, AcceptedUserDay>;
  readonly skipped: readonly SkippedRange[];
  readonly countedFrom: number;
  /** Skipped records that are stored nevertheless. */
  readonly kept: readonly Decided[];
  /** Where its last line ends, when another log is in its place and that was more than had been read. */
  readonly closedAt: number | null;
}

export type Elsewhere = (event: KeptEvent, offset: number) => boolean;

const NOTHING: Totals = {
  accepted: 0,
  duplicate: 0,
  late: 0,
  future: 0,
  invalid: 0,
  watermark: null,
};

export function modelSource(
  source: string,
  log: readonly LogRecord[],
  path: readonly PathStep[],
  skipped: readonly SkippedRange[],
  /** For a source that looks at what others have accepted: whether that makes an event a duplicate. */
  isElsewhere: Elsewhere = () => false,
  closedAt: number | null = null,
): SourceModel {
  const decided: Decided[] = [];
  const userDays = new Map<string, AcceptedUserDay>();
  const totals = [{ after: -1, now: NOTHING }];
  const kept: Decided[] = [];
  let now = NOTHING;
  for (const record of log) {
    const rules = path.findLast((step) => step.offset <= record.offset)?.rules;
    if (rules === undefined) throw new Error(`no rules for offset ${record.offset}`);
    const lost = skipped.find((one) => record.offset >= one.first && record.offset < one.end);
    const storedAs = lost?.kept.get(record.offset);
    if (lost !== undefined && storedAs === undefined) continue;
    const decision =
      storedAs === 'accepted'
        ? stored(record, rules)
        : decide(record, rules, now.watermark, userDays, isElsewhere);
    if (storedAs !== undefined && decision.outcome !== storedAs) {
      throw new Error(`${source}:${record.offset} is ${decision.outcome}, stored as ${storedAs}`);
    }
    const one = { record, decision, epoch: rules.epoch };
    if (lost !== undefined) {
      kept.push(one);
    } else {
      decided.push(one);
    }
    now = { ...now, [decision.outcome]: now[decision.outcome] + 1 };
    if (decision.outcome === 'accepted') {
      const { event_time: time } = decision.event;
      now = { ...now, watermark: Math.max(time, now.watermark ?? time) };
    }
    totals.push({ after: record.offset, now });
    if (decision.outcome !== 'accepted') continue;
    const { event } = decision;
    const key = userDayKey(event.day, event.user_id);
    const userDay = userDays.get(key) ?? {
      day: event.day,
      user: event.user_id,
      events: [],
    };
    userDay.events.push({ offset: record.offset, event, epoch: rules.epoch });
    userDays.set(key, userDay);
  }
  const uncounted = skipped.filter((range) => !range.counted).map((range) => range.end);
  const countedFrom = Math.max(log[0]?.offset ?? 0, ...uncounted);
  return { source, decided, totals, userDays, skipped, countedFrom, kept, closedAt };
}

export function userDayKey(day: number, user: string): string {
  return `${day} ${user}`;
}

/** A record of which it is known that it was accepted. */
function stored(record: LogRecord, rules: Rules): Decision {
  if (record.truth.kind === 'broken') throw new Error(`${record.offset} was accepted, broken`);
  return { outcome: 'accepted', event: keep(record.truth.event, rules) };
}

function decide(
  record: LogRecord,
  rules: Rules,
  watermark: number | null,
  userDays: ReadonlyMap<string, AcceptedUserDay>,
  isElsewhere: Elsewhere,
): Decision {
  if (record.truth.kind === 'broken') return { outcome: 'invalid', reason: record.truth.reason };
  const sent = record.truth.event;
  const reason = brokenRule(sent, rules);
  if (reason !== undefined) return { outcome: 'invalid', reason };
  const event = keep(sent, rules);
  const newest = record.time * 1000 + rules.maxFutureSkewSeconds * 1_000_000;
  if (record.time !== -1 && event.event_time > newest) {
    return { outcome: 'future', reason: 'future_event' };
  }
  if (watermark !== null) {
    const watermarkDay = localDay(watermark, rules.timezone);
    if (event.day < watermarkDay - rules.lookbackDays) {
      return { outcome: 'late', event, daysLate: watermarkDay - event.day };
    }
  }
  const seen = userDays.get(userDayKey(event.day, event.user_id));
  if (seen?.events.some((other) => other.event.event_id === event.event_id) === true) {
    return { outcome: 'duplicate' };
  }
  if (isElsewhere(event, record.offset)) return { outcome: 'duplicate' };
  return { outcome: 'accepted', event };
}
