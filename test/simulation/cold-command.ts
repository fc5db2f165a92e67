/**
 * One simulated command that adds events besides the processors: an ingest, late events applied, a
 * replay. In: what it is to do. Out: the product's own loops, driven until they end or die.
 */
import { RecordList } from '../../src/sources/record-list.ts';
import type { RecordBatch } from '../../src/sources/source.ts';
import { Assignment } from '../../src/processor/assignment.ts';
import type { ProcessorContext } from '../../src/processor/context.ts';
import { applyLateEvents } from '../../src/processor/late-run.ts';
import { takeInLogs } from '../../src/processor/log-run.ts';
import type { EndingLog } from '../../src/processor/log-run.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import type { LogRecord } from './log.ts';
import { APPLIED, lateRecords, mark, REPLAYED, replayRecords, sourcesOf } from './marked-logs.ts';
import { waiting } from './marked-logs.ts';
import type { Mark } from './marked-logs.ts';
import type { MemoryFile } from './memory-file.ts';
import type { Process } from './scheduler.ts';
import { isDefect, simulatedContext } from './simulated-context.ts';
import type { ContextHabits } from './simulated-context.ts';
import type { World } from './world.ts';

export type ColdTask =
  | { readonly kind: 'ingest'; readonly files: readonly MemoryFile[] }
  | { readonly kind: 'late' }
  | { readonly kind: 'replay'; readonly source: string };

export class ColdCommand {
  readonly process: Process;
  readonly #world: World;
  readonly #task: ColdTask;
  readonly #context: ProcessorContext;
  readonly #interrupted = new AbortController();
  /** Why it has failed, if it has. */
  failure: Error | undefined;
  ended = false;

  constructor(world: World, name: string, habits: ContextHabits, task: ColdTask) {
    this.process = { name, alive: true };
    this.#world = world;
    this.#task = task;
    const rules = { ...world.rules, lookbackDays: Infinity };
    this.#context = simulatedContext(world, this.process, habits, rules, () => {});
    world.cold.begins(this.process, world.scheduler.steps);
    this.#run().catch((error: unknown) => world.violated(String((error as Error).stack)));
  }

  die(): void {
    this.process.alive = false;
    this.ended = true;
  }

  /** As Ctrl-C does: what was read is stored. */
  interrupt(): void {
    this.#interrupted.abort(Object.assign(new Error('interrupted'), { retryable: true }));
  }

  async #run(): Promise<void> {
    try {
      await this.#work();
    } catch (error) {
      this.failure = error as Error;
      this.#world.scheduler.trace(`  ${this.process.name} failed: ${String(error)}`);
      if (isDefect(error)) this.#world.violated(String((error as Error).stack));
    }
    await this.#context.commits.close();
    this.die();
  }

  async #work(): Promise<void> {
    const { tables } = this.#world;
    const task = this.#task;
    if (task.kind === 'ingest') {
      const logs = task.files.map((file): EndingLog => {
        return { name: file.name, read: (line) => this.#readFile(file, line) };
      });
      return this.#takeIn(logs);
    }
    if (task.kind === 'replay') {
      const { source } = task;
      const { cold } = this.#world;
      await this.#mark(REPLAYED, source);
      const name = `${source}#replay`;
      const records = (): LogRecord[] =>
        replayRecords(tables, source, (offset) => cold.record(source, offset));
      const read: EndingLog['read'] = (line) =>
        this.#readMarked(name, records, line.lastOffset ?? 0);
      return this.#takeIn([{ name, read }]);
    }
    await applyLateEvents(
      {
        readSources: () =>
          this.#ask('read the sources of late events', () =>
            sourcesOf(tables, APPLIED).map((source) => {
              return { source, waiting: waiting(tables, APPLIED, source).length };
            }),
          ),
        mark: (source) => this.#mark(APPLIED, source),
        read: (source, from) =>
          this.#readMarked(`${source}#late`, () => lateRecords(tables, source), from),
      },
      (log) => this.#takeIn([log]),
    );
  }

  #takeIn(logs: readonly EndingLog[]): Promise<void> {
    return takeInLogs({
      logs,
      assign: (_, options) => new Assignment(this.#context, options),
      signal: this.#interrupted.signal,
    });
  }

  #mark(kind: Mark, source: string): Promise<void> {
    const { tables, network, scheduler } = this.#world;
    return network.apply(
      this.process,
      `mark ${kind.column} of ${source}`,
      () => mark(tables, kind, source, Math.floor(scheduler.now)),
      (random) => mark(tables, kind, source, Math.floor(scheduler.now), random),
    );
  }

  async *#readFile(file: MemoryFile, line: ProgressLine): AsyncGenerator<RecordBatch> {
    const { cold, scheduler, random } = this.#world;
    const time = line.lastRecordTime;
    if (time === null) throw new TypeError(`nobody knows when ${file.name} was first read`);
    cold.reads(this.process, file.name, file.readAt(time));
    for (const batch of file.batches(time, random.int(1, 40))) {
      await scheduler.step(this.process, `reads ${file.name} to ${batch.nextOffset}`);
      yield batch;
    }
  }

  async *#readMarked(
    name: string,
    records: () => LogRecord[],
    from: number,
  ): AsyncGenerator<RecordBatch> {
    const { cold, scheduler, random } = this.#world;
    const all = await this.#ask(`read ${name}`, () => {
      const found = records();
      cold.reads(this.process, name, found);
      return found;
    });
    for (let at = from; at < all.length;) {
      const batch = new RecordList(at);
      for (const record of all.slice(at, at + random.int(1, 40))) batch.add(record);
      at = batch.nextOffset;
      await scheduler.step(this.process, `reads ${name} to ${at}`);
      yield batch;
    }
  }

  #ask<T>(label: string, answer: () => T): Promise<T> {
    return this.#world.network.ask(this.process, label, answer);
  }
}
