import { hashBytes } from '../decode/byte-map.ts';
import type { ValueDecoder } from '../decode/value-decoder.ts';
import { UnitCache } from '../fold/unit-cache.ts';
import type { LogBounds } from '../sources/source.ts';
import { Calendar } from '../streams/calendar.ts';
import type { Interpreter } from '../streams/stream.ts';
import type {
  OutdatedEntityDay,
  ProgressLine,
  StoredEvent,
  StoredRecord,
} from '../warehouse/store.ts';
import type { ProcessorContext } from './context.ts';
import { Intake } from './intake.ts';
import type { Pending } from './pending.ts';
import { Progress } from './progress.ts';
import { UnitLoader } from './unit-loader.ts';

export interface TakenLogOptions {
  readonly context: ProcessorContext;
  /** `topic/partition`. */
  readonly log: string;
  /** Whether other sources may have accepted the same events. */
  readonly cold: boolean;
  /** See UnitLoaderOptions. */
  readonly ready: (days: readonly number[]) => Promise<void>;
  /** Where it is taken up. */
  readonly line: ProgressLine;
  readonly bounds: LogBounds;
  readonly interpreter: Interpreter;
  readonly decoder: ValueDecoder;
  /** Wraps each call of the warehouse, to try it again. */
  readonly retrying: <T>(operation: string, run: () => Promise<T>) => Promise<T>;
}

/**
 * A log from where it was taken up: how far it is, what is in memory of it, and how what others have
 * stored of it beyond its line is dealt with.
 */
export class TakenLog {
  readonly line: ProgressLine;
  /** Where the log began. */
  readonly firstOffset: number;
  /** The name of the source as a byte string. */
  readonly sourceBytes: string;
  readonly progress: Progress;
  readonly cache: UnitCache;
  /** The last record of the line, if it can be read again. */
  readonly remembered: { readonly offset: number; readonly checksum: number } | null;
  readonly intake: Intake;
  readonly loader: UnitLoader;
  /** The log is another one if it ends before this offset. */
  reach: number;
  readonly #options: TakenLogOptions;

  constructor(options: TakenLogOptions) {
    const { context, log, cold, ready, line, bounds, interpreter, decoder, retrying } = options;
    const { stream, rules, store, loads, observer } = context;
    const calendar = new Calendar(rules.timezone);
    // So does a log that took another's place.
    const lookElsewhere = cold || line.source !== log;
    const storedUpTo = line.watermark === null ? -Infinity : calendar.day(line.watermark);
    const { source, lastOffset, lastChecksum } = line;
    this.#options = options;
    this.line = line;
    this.reach = line.nextOffset;
    this.firstOffset = bounds.first;
    this.sourceBytes = Buffer.from(source).toString('latin1');
    this.progress = new Progress(line, rules.epoch);
    this.cache = new UnitCache(interpreter.stride, lookElsewhere ? Infinity : storedUpTo);
    this.remembered =
      lastOffset === null || lastChecksum === null || lastOffset < bounds.first
        ? null
        : { offset: lastOffset, checksum: lastChecksum };
    const { cache, progress, remembered } = this;
    const shared = { stream, source, interpreter, cache };
    this.intake = new Intake({
      ...shared,
      rules,
      decoder,
      calendar,
      progress,
      observer,
      remembered,
    });
    this.loader = new UnitLoader({
      ...shared,
      calendar,
      store,
      loads,
      lookElsewhere,
      ready,
      retrying,
    });
  }

  /**
   * Takes new rules into use from the line on. What was stored after it under older ones, by a process
   * that did not get to write its line, goes; before it does, the entities and days that it had touched
   * are folded anew, in the new epoch, so that whoever dies in between leaves it to be done again.
   */
  async changeRules(pending: Pending): Promise<void> {
    const { context, retrying } = this.#options;
    const { stream, rules, store } = context;
    const offset = this.progress.nextOffset;
    const { source } = this.line;
    const range = { stream: stream.name, source, offset, beforeEpoch: rules.epoch };
    const outdated = await retrying('read_outdated', () =>
      store.readOutdated(stream.tables.accepted, range),
    );
    await this.#foldAnew(outdated, offset, pending);
    await this.#insert(pending);
    await retrying('remove', () => store.removeOutdated(stream.tables, range));
  }

  /**
   * Goes on where the log begins now. What a process had stored of the lost records without getting to
   * write its line stays, and is counted: from here on it is history like all the rest.
   */
  async skipTo(first: number, pending: Pending): Promise<void> {
    const { line, progress } = this;
    const { warn } = this.#options.context;
    warn('the log begins after its progress line: records were lost', { line, first });
    const ahead = await this.#readAhead(first);
    await this.#keep(ahead, first, pending);
    progress.skipTo(first, ahead);
  }

  /**
   * Ends a log that is no more, because another one is in its place: what was stored of it beyond its
   * line stays, and a last line covers that. Whoever is killed in between leaves it to be done again.
   */
  async close(pending: Pending): Promise<void> {
    const { context, retrying } = this.#options;
    const { progress } = this;
    const ahead = await this.#readAhead(Number.MAX_SAFE_INTEGER);
    if (ahead.length === 0) return;
    await this.#keep(ahead, Number.MAX_SAFE_INTEGER, pending);
    await this.#insert(pending);
    progress.skipTo(endOf(ahead), ahead);
    progress.close();
    await retrying('progress', () => context.store.writeProgress([progress.snapshot()]));
  }

  /**
   * Has what comes compared with what a process had stored that died before its line was: the line's
   * last record alone cannot tell whether what followed it has been changed.
   */
  async expectStored(): Promise<void> {
    const ahead = await this.#readAhead(Number.MAX_SAFE_INTEGER);
    if (ahead.length === 0) return;
    this.reach = endOf(ahead);
    this.intake.expect(ahead);
  }

  /** What is stored beyond the line, up to an offset. */
  async #readAhead(before: number): Promise<readonly StoredRecord[]> {
    const { context, retrying } = this.#options;
    const { store, stream } = context;
    const offset = this.progress.nextOffset;
    const range = { stream: stream.name, source: this.line.source, offset, before };
    const records = await retrying('read_ahead', () => store.readAhead(stream.tables, range));
    return [...new Map(records.map((record) => [record.offset, record])).values()];
  }

  /** Folds user-days with accepted records that are stored already; these move the watermark. */
  async #keep(ahead: readonly StoredRecord[], before: number, pending: Pending): Promise<void> {
    const accepted = ahead.filter(isAccepted);
    for (const { day } of accepted) this.cache.mayHold(day);
    this.intake.sawTime(await this.#foldAnew(accepted, before, pending));
  }

  async #insert(pending: Pending): Promise<void> {
    const { context, retrying } = this.#options;
    for (const { table, rows, pieces } of pending.encode(this.sourceBytes).stages.flat()) {
      if (rows > 0) await retrying(`insert_${table}`, () => context.store.insert(table, pieces));
    }
    pending.clear();
  }

  /** Has days of entities written as folded from what was accepted before an offset; returns its latest time. */
  async #foldAnew(
    entityDays: readonly OutdatedEntityDay[],
    before: number,
    pending: Pending,
  ): Promise<number> {
    const { cache, intake, loader } = this;
    const units = new Map<number, Set<number>>();
    for (const { day, bucket } of entityDays) {
      if (cache.has(day, bucket)) continue;
      units.set(day, (units.get(day) ?? new Set()).add(bucket));
    }
    await loader.load(units, before, intake.write);
    let latest = -Infinity;
    for (const { day, bucket, entity } of entityDays) {
      const unit = cache.get(day, bucket)!;
      unit.usedBy = intake.write;
      const hash = hashBytes(entity, 0, entity.length);
      const number = unit.entity(entity, 0, entity.length, hash);
      pending.changed(unit, number);
      const { facts, stride, events, count } = unit.read(number);
      if (count > 0) latest = Math.max(latest, facts[events[count - 1]! * stride]!);
    }
    return latest;
  }
}

function isAccepted(record: StoredRecord): record is StoredEvent {
  return record.outcome === 'accepted';
}

function endOf(records: readonly StoredRecord[]): number {
  return records.reduce((end, { offset }) => Math.max(end, offset + 1), 0);
}
