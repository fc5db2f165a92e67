import { hashBytes } from '../decode/byte-map.ts';
import { ValueDecoder } from '../decode/value-decoder.ts';
import { UnitCache } from '../fold/unit-cache.ts';
import type { LogBounds, RecordBatch } from '../sources/source.ts';
import { Calendar } from '../streams/calendar.ts';
import type { Interpreter } from '../streams/stream.ts';
import type { OutdatedEntityDay, OutdatedRange, ProgressLine } from '../warehouse/store.ts';
import type { ProcessorContext } from './context.ts';
import { AbandonedError, LogRecreatedError, RulesOutdatedError } from './errors.ts';
import type { CommitBatch, Committer } from './group-commit.ts';
import { Intake } from './intake.ts';
import type { OutcomeCount } from './observer.ts';
import { Pending } from './pending.ts';
import { firstLine, nextGeneration, Progress } from './progress.ts';
import { retrying } from './retry.ts';
import { UnitLoader } from './unit-loader.ts';

export interface AssignmentOptions {
  /** `topic/partition`. */
  readonly log: string;
  /** A line was stored: all before its `nextOffset` is done for good. */
  readonly onCommitted?: (line: ProgressLine) => void;
  /** The assignment died of itself; a new one goes on from the line. Called at most once. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * One log while this process reads it: its records in; their rows, aggregates and progress line out.
 *
 * All it holds is a cache of the log up to where it is. When anything goes wrong it is dropped whole,
 * and another assignment starts from the line.
 */
export class Assignment implements Committer {
  readonly #context: ProcessorContext;
  readonly #options: AssignmentOptions;
  readonly #interpreter: Interpreter;
  readonly #decoder: ValueDecoder;
  readonly #abort = new AbortController();
  #taken: Taken | null = null;

  // Two sets of buffers: one is filled while the other is written.
  #pending: Pending;
  #spare: Pending;
  #inFlight: InFlight | null = null;
  /** Whether there is anything that the last line taken does not cover. */
  #dirty = false;
  #hurried = false;
  /** The next offset of the last line taken. */
  #covered = 0;
  #waiters: (() => void)[] = [];

  constructor(context: ProcessorContext, options: AssignmentOptions) {
    const { stream, rules } = context;
    this.#context = context;
    this.#options = options;
    this.#interpreter = stream.interpreter(rules);
    this.#decoder = new ValueDecoder(stream.schema);
    this.#pending = new Pending(stream, this.#interpreter, rules.epoch);
    this.#spare = new Pending(stream, this.#interpreter, rules.epoch);
  }

  /**
   * Reads where the log was left and returns the offset from which records must be pushed. It may be
   * that of the last record processed: that one only shows whether the log is still the same.
   */
  async start(readBounds: () => Promise<LogBounds>): Promise<number> {
    try {
      return await this.#start(readBounds);
    } catch (error) {
      this.#die(error);
      throw error;
    }
  }

  /**
   * Takes in the next records of the log; those before the place where it is are passed over.
   * Resolves when more may come. Rejects when the assignment is dead.
   */
  async push(batch: RecordBatch): Promise<void> {
    try {
      this.#abort.signal.throwIfAborted();
      await this.#takeIn(batch);
      while (this.#load() >= 1) await this.#nextChange();
    } catch (error) {
      await this.#recordRecreation(error);
      this.#die(error);
      throw error;
    }
  }

  /** Resolves when all that was pushed is stored, its line too. Rejects when the assignment dies first. */
  async settle(): Promise<void> {
    this.#abort.signal.throwIfAborted();
    while (this.#dirty || this.#inFlight !== null) {
      if (this.#dirty) {
        this.#hurried = true;
        this.#context.commits.request(this);
      }
      await this.#nextChange();
    }
  }

  /** Lets go of the log: what is being written may still be stored, the rest is dropped. */
  abandon(): void {
    this.#die(new AbandonedError(this.#options.log));
  }

  get rows(): number {
    return this.#pending.rows;
  }

  get urgent(): boolean {
    return this.#hurried || this.#load() >= 0.5;
  }

  /** How full the pending blocks are; from 1 on reading pauses. */
  #load(): number {
    const { pendingRows, pendingBytes } = this.#context.limits;
    return Math.max(this.#pending.rows / pendingRows, this.#pending.bytes / pendingBytes);
  }

  take(): CommitBatch | null {
    if (!this.#dirty || this.#taken === null || this.#abort.signal.aborted) return null;
    const { progress, intake, sourceBytes } = this.#taken;
    const pending = this.#pending;
    const line = progress.snapshot();
    this.#covered = line.nextOffset;
    this.#inFlight = { pending, line, outcomes: progress.takeOutcomes() };
    this.#pending = this.#spare;
    this.#dirty = false;
    this.#hurried = false;
    intake.write++;
    this.#change();
    return { ...pending.encode(sourceBytes), line };
  }

  stored(): void {
    const { pending, line, outcomes } = this.#inFlight!;
    this.#inFlight = null;
    pending.clear();
    this.#spare = pending;
    this.#context.observer.committed(this.#options.log, line, outcomes);
    if (this.#abort.signal.aborted) return;
    this.#options.onCommitted?.(line);
    this.#change();
  }

  failed(error: unknown): void {
    this.#inFlight = null;
    this.#die(error);
  }

  async #start(readBounds: () => Promise<LogBounds>): Promise<number> {
    const { stream, rules, store } = this.#context;
    const { log } = this.#options;
    const stored = await this.#retrying('read_progress', () =>
      store.readProgress(stream.name, log),
    );
    // In this order: a line that was written after the bounds were read can be ahead of them.
    const bounds = await readBounds();
    this.#abort.signal.throwIfAborted();
    let line = stored ?? firstLine(stream.name, log, bounds.first, rules.epoch);
    if (line.rulesEpoch > rules.epoch) {
      throw new RulesOutdatedError(line.source, rules.epoch, line.rulesEpoch);
    }
    if (bounds.end < line.nextOffset) {
      this.#context.warn('the log ends before its progress line: it was recreated', {
        line,
        bounds,
      });
      line = this.#nextLog(line, bounds.first);
    }
    const taken = this.#takeUp(line, bounds);
    this.#taken = taken;
    const { progress } = taken;
    this.#covered = progress.nextOffset;
    // Without a line there may still be rows, of a line that was lost; under old rules if there were any.
    if (line.rulesEpoch < rules.epoch || (line !== stored && rules.epoch > 1)) {
      await this.#changeRules(taken);
    }
    if (bounds.first > progress.nextOffset) await this.#skipTo(bounds.first, taken);
    if (this.#dirty) this.#context.commits.request(this);
    this.#context.observer.resumed(log, progress.snapshot());
    return taken.remembered?.offset ?? progress.nextOffset;
  }

  /** Everything that depends on where the log is taken up. */
  #takeUp(line: ProgressLine, bounds: LogBounds): Taken {
    const { stream, rules, store, loads, observer } = this.#context;
    const calendar = new Calendar(rules.timezone);
    const progress = new Progress(line, rules.epoch);
    // Only a log that took another's place may hold what another source has accepted.
    const lookElsewhere = line.source !== this.#options.log;
    const storedUpTo = line.watermark === null ? -Infinity : calendar.day(line.watermark);
    const cache = new UnitCache(this.#interpreter.stride, lookElsewhere ? Infinity : storedUpTo);
    const { lastOffset, lastChecksum } = line;
    const remembered =
      lastOffset === null || lastChecksum === null || lastOffset < bounds.first
        ? null
        : { offset: lastOffset, checksum: lastChecksum };
    const shared = { stream, source: line.source, interpreter: this.#interpreter, cache };
    return {
      progress,
      cache,
      remembered,
      line,
      firstOffset: bounds.first,
      sourceBytes: Buffer.from(line.source).toString('latin1'),
      intake: new Intake({
        ...shared,
        rules,
        decoder: this.#decoder,
        calendar,
        progress,
        observer,
        remembered,
      }),
      loader: new UnitLoader({
        ...shared,
        store,
        loads,
        lookElsewhere,
        retrying: (operation, read) => this.#retrying(operation, read),
      }),
    };
  }

  async #takeIn(batch: RecordBatch): Promise<void> {
    const { intake, progress, cache } = this.#taken!;
    this.#decoder.forgetUnknown();
    const cursor = batch.records();
    if (cursor.next()) {
      for (;;) {
        const want = intake.takeIn(cursor, this.#pending);
        this.#advanced();
        if (want === null) break;
        if (want.kind === 'schema') await this.#learnSchema(want.id);
        else await this.#loadMissing(batch, cursor.offset);
        this.#abort.signal.throwIfAborted();
      }
    }
    progress.nextOffset = Math.max(progress.nextOffset, batch.nextOffset);
    this.#advanced();
    // Nothing new came, only the record that the line remembers: no write will say that all is stored.
    if (!this.#dirty && this.#inFlight === null) this.#options.onCommitted?.(progress.snapshot());
    cache.dropBefore(intake.oldestDay);
    const { cachedUserDays } = this.#context.limits;
    if (cache.weight > cachedUserDays) {
      cache.evict(cachedUserDays * 0.9, intake.write - (this.#inFlight === null ? 1 : 2));
    }
    this.#context.observer.cached(this.#options.log, Math.round(cache.weight));
  }

  #advanced(): void {
    if (this.#taken!.progress.nextOffset === this.#covered) return;
    this.#dirty = true;
    this.#context.commits.request(this);
  }

  async #learnSchema(id: number): Promise<void> {
    const schema = await this.#retrying('schema', () => this.#context.schemas.schema(id));
    this.#decoder.learn(id, schema);
  }

  async #loadMissing(batch: RecordBatch, from: number): Promise<void> {
    const { intake, loader } = this.#taken!;
    // What is read back must have been written; that includes what this batch has brought so far.
    await this.settle();
    const loaded = await loader.load(intake.missingUnits(batch, from), from, intake.write);
    this.#context.observer.loaded(loaded);
  }

  /**
   * Takes new rules into use from the line on. What was stored after it under older ones, by a process
   * that did not get to write its line, goes; before it does, the entities and days that it had touched
   * are folded anew, in the new epoch, so that whoever dies in between leaves it to be done again.
   */
  async #changeRules(taken: Taken): Promise<void> {
    const { stream, rules, store } = this.#context;
    const { accepted, late, rejected } = stream.tables;
    const { line, progress, sourceBytes } = taken;
    const offset = progress.nextOffset;
    const range = { source: line.source, offset, beforeEpoch: rules.epoch };
    await this.#foldAnew(await this.#readOutdated(range), offset, taken);
    for (const { table, rows, pieces } of this.#pending.encode(sourceBytes).stages.flat()) {
      if (rows > 0) await this.#retrying(`insert_${table}`, () => store.insert(table, pieces));
    }
    this.#pending.clear();
    await this.#retrying('remove', () => store.removeOutdated([accepted, late, rejected], range));
    this.#dirty = true;
  }

  /**
   * Goes on where the log begins now. What a process had stored of the lost records without getting to
   * write its line stays, as nothing can tell any more what belongs to it: from here on it is history
   * like all the rest, the user-days that it touched are folded with it, and it moves the watermark.
   */
  async #skipTo(first: number, taken: Taken): Promise<void> {
    const { line, progress, cache, intake } = taken;
    const offset = progress.nextOffset;
    this.#context.warn('the log begins after its progress line: records were lost', {
      line,
      first,
    });
    const beforeEpoch = this.#context.rules.epoch + 1;
    const ahead = await this.#readOutdated({ source: line.source, offset, beforeEpoch });
    for (const { day } of ahead) cache.mayHold(day);
    intake.sawTime(await this.#foldAnew(ahead, first, taken));
    progress.skipTo(first);
    this.#dirty = true;
  }

  #readOutdated(range: OutdatedRange): Promise<readonly OutdatedEntityDay[]> {
    const { store, stream } = this.#context;
    return this.#retrying('read_outdated', () => store.readOutdated(stream.tables.accepted, range));
  }

  /** Has days of entities written as folded from what was accepted before an offset; returns its latest time. */
  async #foldAnew(
    entityDays: readonly OutdatedEntityDay[],
    before: number,
    { cache, loader, intake }: Taken,
  ): Promise<number> {
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
      this.#pending.changed(unit, number);
      const { facts, stride, events, count } = unit.read(number);
      if (count > 0) latest = Math.max(latest, facts[events[count - 1]! * stride]!);
    }
    return latest;
  }

  #nextLog(line: ProgressLine, first: number): ProgressLine {
    const source = nextGeneration(line.source, this.#options.log);
    return firstLine(line.stream, source, first, this.#context.rules.epoch);
  }

  /** A log found to be another one is a new source: its first line says so to the next assignment. */
  async #recordRecreation(error: unknown): Promise<void> {
    if (!(error instanceof LogRecreatedError)) return;
    this.#context.warn(error.message, { log: this.#options.log });
    const { line: old, firstOffset } = this.#taken!;
    const line = this.#nextLog(old, firstOffset);
    await this.#retrying('progress', () => this.#context.store.writeProgress([line]));
  }

  #retrying<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const { clock, random, observer, warn } = this.#context;
    return retrying(run, {
      clock,
      random,
      signal: this.#abort.signal,
      onRetry: (error) => {
        observer.retried(operation);
        warn(`${operation} failed and is tried again`, { log: this.#options.log, error });
      },
    });
  }

  #die(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(error);
    this.#context.observer.cached(this.#options.log, 0);
    this.#change();
    if (!(error instanceof AbandonedError)) this.#options.onFailure?.(error);
  }

  /** Resolves when a write begins or ends; rejects when the assignment dies. */
  async #nextChange(): Promise<void> {
    // It may have died since the last look; nothing would change any more.
    this.#abort.signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
    });
    this.#abort.signal.throwIfAborted();
  }

  #change(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

interface Taken {
  /** Where it was taken up. */
  readonly line: ProgressLine;
  readonly firstOffset: number;
  readonly sourceBytes: string;
  readonly progress: Progress;
  readonly cache: UnitCache;
  readonly remembered: { readonly offset: number; readonly checksum: number } | null;
  readonly intake: Intake;
  readonly loader: UnitLoader;
}

interface InFlight {
  readonly pending: Pending;
  readonly line: ProgressLine;
  readonly outcomes: readonly OutcomeCount[];
}
