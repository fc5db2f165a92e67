/**
 * One simulated process of the consumer group: the product's assignments and group commit, driven as
 * kafkajs drives them. In: which logs it has. Out: pushes, throws, rewinds, and sudden death.
 */
import { Assignment } from '../../src/processor/assignment.ts';
import type { ProcessorContext } from '../../src/processor/context.ts';
import type { MemoryLog } from './memory-kafka.ts';
import type { Random } from './random.ts';
import type { Process } from './scheduler.ts';
import { isDefect, simulatedContext } from './simulated-context.ts';
import type { ContextHabits } from './simulated-context.ts';
import type { World } from './world.ts';

export interface MemberHabits extends ContextHabits {
  readonly largestFetch: number;
  /** Probability, per batch, that it throws in eachBatch and fetches again. */
  readonly throws: number;
  /** Probability, per batch, of an operator's rewind. */
  readonly rewinds: number;
  /** Probability, per batch, that it waits until all is stored. */
  readonly settles: number;
}

export function drawHabits(random: Random): MemberHabits {
  return {
    pendingRows: random.pick([1, 5, 20, 1000]),
    cachedUserDays: random.pick([0, 1, 3, 10, 1000]),
    intervalMs: random.pick([0, 5, 200]),
    largestFetch: random.pick([1, 4, 15, 60]),
    throws: random.pick([0, 0, 0.05]),
    rewinds: random.pick([0, 0.05]),
    settles: random.pick([0, 0.2, 1]),
  };
}

export class Member {
  readonly process: Process;
  readonly #world: World;
  readonly #habits: MemberHabits;
  readonly #context: ProcessorContext;
  readonly #consumptions = new Map<MemoryLog, Consumption>();
  /** Something could not be written and waiting does not help: the process must end. */
  fatal = false;
  #stopping = false;

  constructor(world: World, name: string, habits: MemberHabits) {
    this.process = { name, alive: true };
    this.#world = world;
    this.#habits = habits;
    world.cold.begins(this.process, world.scheduler.steps);
    this.#context = simulatedContext(world, this.process, habits, world.rules, () => {
      this.fatal = true;
    });
  }

  get logs(): readonly MemoryLog[] {
    return [...this.#consumptions.keys()];
  }

  /** Whether all that its logs hold is stored. */
  get caughtUp(): boolean {
    return [...this.#consumptions.values()].every((consumption) => consumption.caughtUp);
  }

  assign(log: MemoryLog): void {
    const isStopping = (): boolean => this.#stopping;
    const consumption = new Consumption(this.#world, this.#context, this.#habits, log, isStopping);
    this.#consumptions.set(log, consumption);
    consumption.run().catch((error: unknown) => {
      this.#world.violated(`${this.process.name} failed: ${String((error as Error).stack)}`);
    });
  }

  revoke(log: MemoryLog, how: Revocation): void {
    this.#consumptions.get(log)?.revoke(how);
    this.#consumptions.delete(log);
  }

  /** A clean stop: everything taken in is stored, then it ends. */
  async stop(): Promise<void> {
    const consumptions = [...this.#consumptions.values()];
    this.#consumptions.clear();
    for (const consumption of consumptions) consumption.revoke('settle');
    await Promise.all(consumptions.map((consumption) => consumption.ended));
    this.#stopping = true;
    await this.#context.commits.close();
    this.process.alive = false;
  }

  die(): void {
    this.process.alive = false;
    this.#consumptions.clear();
  }
}

/** How a consumer lets go of a log: it stores what it has, drops it, or does not know yet. */
export type Revocation = 'settle' | 'abandon' | 'zombie';

class Consumption {
  readonly #world: World;
  readonly #context: ProcessorContext;
  readonly #habits: MemberHabits;
  readonly #log: MemoryLog;
  readonly #owner: Process;
  /** Whether the whole process is ending: then whatever still runs may be cut off. */
  readonly #isStopping: () => boolean;
  #assignment: Assignment | undefined;
  #revocation: Revocation | undefined;
  #batchesLeft = Infinity;
  #offset = -1;
  #end!: () => void;
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(
    world: World,
    context: ProcessorContext,
    habits: MemberHabits,
    log: MemoryLog,
    isStopping: () => boolean,
  ) {
    this.#world = world;
    this.#context = context;
    this.#habits = habits;
    this.#log = log;
    this.#isStopping = isStopping;
    this.#owner = (context.store as ReturnType<World['store']>).process;
  }

  get caughtUp(): boolean {
    const line = this.#world.tables.line(this.#log.source);
    if (line === undefined && this.#log.isEmpty) return true;
    return this.#log.complete && (line?.nextOffset ?? -1) >= this.#log.bounds.end;
  }

  revoke(how: Revocation): void {
    this.#revocation = how;
    if (how === 'zombie') this.#batchesLeft = this.#world.random.int(1, 6);
    if (how === 'abandon') this.#assignment?.abandon();
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      await this.#consume();
      await this.#step('backs off', this.#world.random.int(0, 300));
    }
    this.#end();
  }

  get #isOver(): boolean {
    return (
      this.#revocation !== undefined && (this.#revocation !== 'zombie' || this.#batchesLeft <= 0)
    );
  }

  async #consume(): Promise<void> {
    let failed = false;
    const assignment = new Assignment(this.#context, {
      log: this.#log.log,
      onCommitted: (line) => this.#world.committed(line),
      onFailure: (error) => {
        if (failed) this.#world.violated('onFailure was called twice');
        failed = true;
        this.#trace(`failed: ${String(error)}`);
      },
    });
    this.#assignment = assignment;
    try {
      this.#offset = await assignment.start(async () => {
        await this.#step('reads bounds');
        const { bounds } = this.#log;
        await this.#step('reads bounds, answered');
        return bounds;
      });
      while (!this.#isOver && !failed && this.#offset >= this.#log.bounds.first) {
        if (!(await this.#pushOne(assignment))) return;
      }
      if (!failed && this.#revocation === 'settle') await assignment.settle();
    } catch (error) {
      this.#trace(`threw: ${String(error)}`);
      if (isDefect(error) && !this.#isStopping())
        this.#world.violated(String((error as Error).stack));
    } finally {
      assignment.abandon();
    }
  }

  /** False when the consumer throws and starts again. */
  async #pushOne(assignment: Assignment): Promise<boolean> {
    const { random } = this.#world;
    const { throws, rewinds, settles, largestFetch } = this.#habits;
    this.#batchesLeft--;
    if (random.chance(rewinds)) {
      this.#offset = Math.max(this.#log.bounds.first, this.#offset - random.int(1, 40));
      this.#trace(`rewound to ${this.#offset}`);
    }
    const batch = this.#log.fetch(this.#offset, largestFetch, random);
    if (batch === undefined) {
      await this.#step('polls', random.int(10, 100));
      return true;
    }
    await this.#step(`fetches from ${this.#offset} to ${batch.nextOffset}`);
    if (random.chance(throws / 2)) return false;
    const pushed = assignment.push(batch);
    if (random.chance(throws / 2)) {
      assignment.abandon();
      await pushed;
      return false;
    }
    await pushed;
    batch.release();
    this.#offset = batch.nextOffset;
    if (random.chance(settles)) {
      await assignment.settle();
      this.#world.settled(this.#log, batch.nextOffset);
    }
    return true;
  }

  #step(label: string, delay = 0): Promise<void> {
    return this.#world.scheduler.step(this.#owner, `${this.#log.source} ${label}`, delay);
  }

  #trace(what: string): void {
    this.#world.scheduler.trace(`  ${this.#owner.name} ${this.#log.source} ${what}`);
  }
}
