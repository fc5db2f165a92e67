import { ValueDecoder } from '../decode/value-decoder.ts';
import type { LogBounds, RecordBatch } from '../sources/source.ts';
import type { Interpreter } from '../streams/stream.ts';
import type { ProgressLine } from '../warehouse/store.ts';
import type { ProcessorContext } from './context.ts';
import { AbandonedError, LogRecreatedError, RulesOutdatedError } from './errors.ts';
import { Outbox } from './outbox.ts';
import { Pending } from './pending.ts';
import { firstLine, isClosed, nextGeneration } from './progress.ts';
import { retrying } from './retry.ts';
import { TakenLog } from './taken-log.ts';

export interface AssignmentOptions {
  /** `topic/partition`. */
  readonly log: string;
  /** Whether other sources may have accepted the same events: theirs then count as duplicates. */
  readonly cold?: boolean;
  /** Resolves when what other logs of this process have accepted on these days is stored. */
  readonly afterOthers?: (days: readonly number[]) => Promise<void>;
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
export class Assignment {
  readonly #context: ProcessorContext;
  readonly #options: AssignmentOptions;
  readonly #interpreter: Interpreter;
  readonly #decoder: ValueDecoder;
  readonly #abort = new AbortController();
  #taken: TakenLog | null = null;
  /** The days, since 1970-01-01, of which something was loaded. What is cold accepts nothing on any other. */
  readonly loadedDays = new Set<number>();

  readonly #outbox: Outbox;

  constructor(context: ProcessorContext, options: AssignmentOptions) {
    const { stream, rules } = context;
    this.#context = context;
    this.#options = options;
    this.#interpreter = stream.interpreter(rules);
    this.#decoder = new ValueDecoder(stream.schema);
    this.#outbox = new Outbox({
      context,
      log: options.log,
      interpreter: this.#interpreter,
      signal: this.#abort.signal,
      onStored: (line) => this.#options.onCommitted?.(line),
      onFailed: (error) => this.#die(error),
    });
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
    await this.#orDie(async () => {
      await this.#takeIn(batch);
      await this.#outbox.room();
    });
  }

  /**
   * Says that the log ends at an offset: no more is pushed. Rejects when it was longer: it is then another
   * log.
   */
  async end(offset: number): Promise<void> {
    await this.#orDie(() => {
      const { line, reach, cache } = this.#taken!;
      if (offset < reach) throw new LogRecreatedError(line.source, reach - 1);
      // What is to be written is held by itself.
      cache.dropBefore(Infinity);
      return Promise.resolve();
    });
  }

  /** Resolves when all that was pushed is stored, its line too. Rejects when the assignment dies first. */
  settle(): Promise<void> {
    return this.#outbox.settle();
  }

  /** The same, but it may wait for others to be written with. */
  settleInTime(): Promise<void> {
    return this.#outbox.settleInTime();
  }

  /** Has what was pushed written as soon as may be. */
  hurry(): void {
    this.#outbox.hurry();
  }

  /** What is not stored yet, as a part of the rows and bytes that may be ready at a time. */
  get unstored(): number {
    return this.#outbox.unstored;
  }

  /** Where the log was taken up; after `start`. */
  get line(): ProgressLine {
    return this.#taken!.line;
  }

  /** Lets go of the log: what is being written may still be stored, the rest is dropped. */
  abandon(): void {
    this.#die(new AbandonedError(this.#options.log));
  }

  async #start(readBounds: () => Promise<LogBounds>): Promise<number> {
    const { stream, rules, store } = this.#context;
    const { log, cold = false } = this.#options;
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
    if (bounds.end < line.nextOffset || isClosed(line)) {
      this.#context.warn('the log ends before its progress line: it was recreated', {
        line,
        bounds,
      });
      line = await this.#replaced(line, bounds.first);
    }
    const isFirst = cold && line.lastRecordTime === null;
    // When a log was first read decides which of its events are from the future.
    if (isFirst) line = { ...line, lastRecordTime: this.#context.clock.now() };
    const taken = this.#takeUp(line, bounds);
    const outbox = this.#outbox;
    this.#taken = taken;
    outbox.open(taken, isFirst ? line : null);
    const { progress } = taken;
    // Without a line there may still be rows, of a line that was lost; under old rules if there were any.
    const underOldRules = line.rulesEpoch < rules.epoch || (line !== stored && rules.epoch > 1);
    if (underOldRules) await taken.changeRules(outbox.pending);
    // Kafka's logs change only as a whole.
    if (cold && line === stored) await taken.expectStored();
    const isTrimmed = bounds.first > progress.nextOffset;
    if (isTrimmed) await taken.skipTo(bounds.first, outbox.pending);
    if (underOldRules || isTrimmed) outbox.filled();
    this.#context.observer.resumed(log, progress.snapshot());
    return taken.remembered?.offset ?? progress.nextOffset;
  }

  async #takeIn(batch: RecordBatch): Promise<void> {
    const { intake, progress, cache } = this.#taken!;
    this.#decoder.forgetUnknown();
    const cursor = batch.records();
    if (cursor.next()) {
      for (;;) {
        const want = intake.takeIn(cursor, this.#outbox.pending);
        this.#outbox.advanced();
        if (want === null) break;
        if (want.kind === 'schema') await this.#learnSchema(want.id);
        else await this.#loadMissing(batch, cursor.offset);
        this.#abort.signal.throwIfAborted();
      }
    }
    progress.nextOffset = Math.max(progress.nextOffset, batch.nextOffset);
    this.#outbox.advanced();
    // Nothing new came, only the record that the line remembers: no write will say that all is stored.
    if (this.#outbox.isEmpty) this.#options.onCommitted?.(progress.snapshot());
    cache.dropBefore(intake.oldestDay);
    const { cachedUserDays } = this.#context.limits;
    if (cache.weight > cachedUserDays) {
      cache.evict(cachedUserDays * 0.9, this.#outbox.written);
    }
    this.#context.observer.cached(this.#options.log, Math.round(cache.weight));
  }

  async #learnSchema(id: number): Promise<void> {
    const schema = await this.#retrying('schema', () => this.#context.schemas.schema(id));
    this.#decoder.learn(id, schema);
  }

  async #loadMissing(batch: RecordBatch, from: number): Promise<void> {
    const { intake, loader } = this.#taken!;
    const units = intake.missingUnits(batch, from);
    // Whatever a missing unit holds is stored: units are evicted only when they are.
    const loaded = await loader.load(units, from, intake.write);
    this.#context.observer.loaded(loaded);
  }

  #takeUp(line: ProgressLine, bounds: LogBounds): TakenLog {
    return new TakenLog({
      context: this.#context,
      log: this.#options.log,
      cold: this.#options.cold ?? false,
      ready: async (days) => {
        for (const day of days) this.loadedDays.add(day);
        await this.#options.afterOthers?.(days);
      },
      line,
      bounds,
      interpreter: this.#interpreter,
      decoder: this.#decoder,
      retrying: (operation, run) => this.#retrying(operation, run),
    });
  }

  /** Dies with what goes wrong; what shows that the log is another one is dealt with before. */
  async #orDie(work: () => Promise<void>): Promise<void> {
    try {
      this.#abort.signal.throwIfAborted();
      await work();
    } catch (error) {
      try {
        if (error instanceof LogRecreatedError) await this.#recordRecreation(error);
      } finally {
        this.#die(error);
      }
      throw error;
    }
  }

  /** A log found to be another one is a new source: its first line says so to the next assignment. */
  async #recordRecreation(error: LogRecreatedError): Promise<void> {
    const { stream, rules, store, warn } = this.#context;
    const { log } = this.#options;
    const { line, firstOffset } = this.#taken!;
    warn(error.message, { log });
    // What was taken in last may be of the other log, and is taken in again; what is being written is not.
    await this.#outbox.drop();
    const stored = await this.#retrying('read_progress', () =>
      store.readProgress(stream.name, log),
    );
    // Somebody else may have found it before.
    if (stored?.source !== line.source || stored.rulesEpoch > rules.epoch) return;
    await this.#replaced(stored, firstOffset);
  }

  /** Ends the log that was, and begins the one that took its place: its first line. */
  async #replaced(old: ProgressLine, first: number): Promise<ProgressLine> {
    const { stream, rules, store, clock } = this.#context;
    const { log, cold = false } = this.#options;
    if (!isClosed(old)) {
      const taken = this.#takeUp(old, { first: 0, end: Infinity });
      const pending = new Pending(stream, this.#interpreter, rules.epoch);
      if (old.rulesEpoch < rules.epoch) await taken.changeRules(pending);
      await taken.close(pending);
    }
    const source = nextGeneration(old.source, log);
    const line = {
      ...firstLine(stream.name, source, first, rules.epoch),
      lastRecordTime: cold ? clock.now() : null,
    };
    await this.#retrying('progress', () => store.writeProgress([line]));
    this.#abort.signal.throwIfAborted();
    return line;
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
    if (!(error instanceof AbandonedError)) this.#options.onFailure?.(error);
  }
}
