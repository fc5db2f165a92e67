import { hashBytes } from '../decode/byte-map.ts';
import type { ValueDecoder } from '../decode/value-decoder.ts';
import { UnitCache } from '../fold/unit-cache.ts';
import type { LogBounds } from '../sources/source.ts';
import { Calendar } from '../streams/calendar.ts';
import type { Interpreter } from '../streams/stream.ts';
import type { OutdatedEntityDay, OutdatedRange, ProgressLine } from '../warehouse/store.ts';
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
  readonly #options: TakenLogOptions;

  constructor(options: TakenLogOptions) {
    const { context, log, cold, line, bounds, interpreter, decoder, retrying } = options;
    const { stream, rules, store, loads, observer } = context;
    const calendar = new Calendar(rules.timezone);
    // So does a log that took another's place.
    const lookElsewhere = cold || line.source !== log;
    const storedUpTo = line.watermark === null ? -Infinity : calendar.day(line.watermark);
    const { source, lastOffset, lastChecksum } = line;
    this.#options = options;
    this.line = line;
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
    this.loader = new UnitLoader({ ...shared, store, loads, lookElsewhere, retrying });
  }

  /**
   * Takes new rules into use from the line on. What was stored after it under older ones, by a process
   * that did not get to write its line, goes; before it does, the entities and days that it had touched
   * are folded anew, in the new epoch, so that whoever dies in between leaves it to be done again.
   */
  async changeRules(pending: Pending): Promise<void> {
    const { context, retrying } = this.#options;
    const { stream, rules, store } = context;
    const { accepted, late, rejected } = stream.tables;
    const tables = [accepted, rejected, ...(late === null ? [] : [late])];
    const offset = this.progress.nextOffset;
    const range = { source: this.line.source, offset, beforeEpoch: rules.epoch };
    await this.#foldAnew(await this.#readOutdated(range), offset, pending);
    for (const { table, rows, pieces } of pending.encode(this.sourceBytes).stages.flat()) {
      if (rows > 0) await retrying(`insert_${table}`, () => store.insert(table, pieces));
    }
    pending.clear();
    await retrying('remove', () => store.removeOutdated(tables, range));
  }

  /**
   * Goes on where the log begins now. What a process had stored of the lost records without getting to
   * write its line stays, as nothing can tell any more what belongs to it: from here on it is history
   * like all the rest, the user-days that it touched are folded with it, and it moves the watermark.
   */
  async skipTo(first: number, pending: Pending): Promise<void> {
    const { rules, warn } = this.#options.context;
    const { line, progress } = this;
    const offset = progress.nextOffset;
    warn('the log begins after its progress line: records were lost', { line, first });
    const beforeEpoch = rules.epoch + 1;
    const ahead = await this.#readOutdated({ source: line.source, offset, beforeEpoch });
    for (const { day } of ahead) this.cache.mayHold(day);
    this.intake.sawTime(await this.#foldAnew(ahead, first, pending));
    progress.skipTo(first);
  }

  #readOutdated(range: OutdatedRange): Promise<readonly OutdatedEntityDay[]> {
    const { context, retrying } = this.#options;
    const { store, stream } = context;
    return retrying('read_outdated', () => store.readOutdated(stream.tables.accepted, range));
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
