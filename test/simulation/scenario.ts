/**
 * In: a seed. Out: nothing, or the first thing that went wrong. One history from the first record to
 * the last: chaos first, then everything may catch up without faults, then the model judges.
 */
import { ColdPhase } from './cold-phase.ts';
import { NO_FAULTS } from './faults.ts';
import { drawHabits, Member } from './member.ts';
import type { MemoryLog } from './memory-kafka.ts';
import { rebuildUserDays } from './rebuild.ts';
import { changeRules } from './rules-generator.ts';
import { World } from './world.ts';

export interface Result {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly steps: number;
  readonly records: number;
}

/** Runs one seed; `trace` gets one line per step. */
export async function simulate(seed: number, trace: (line: string) => void): Promise<Result> {
  const scenario = new Scenario(seed, trace);
  let failure: string | undefined;
  try {
    failure = await scenario.run();
  } catch (error) {
    failure = scenario.world.violation ?? String((error as Error).stack ?? error);
  }
  const { scheduler, logs } = scenario.world;
  if (failure !== undefined) trace(scenario.world.explain());
  const records = logs.reduce((sum, log) => sum + log.records.length, 0);
  return { seed, failure, steps: scheduler.steps, records };
}

const CHAOS_LIMIT = 40_000;

class Scenario {
  readonly world: World;
  #members: Member[] = [];
  #named = 0;
  #lineLost = false;
  readonly #cold: ColdPhase;

  constructor(seed: number, trace: (line: string) => void) {
    this.world = new World(seed, trace);
    this.#cold = new ColdPhase(this.world);
  }

  async run(): Promise<string | undefined> {
    const { world } = this;
    const rounds = world.random.int(2, 12);
    this.#staff();
    for (let round = 0; round < rounds && world.violation === undefined; round++) {
      await this.#letRun(world.random.int(5, 150));
      await this.#somethingHappens();
    }
    return world.violation ?? (await this.#catchUp()) ?? world.violation;
  }

  async #letRun(steps: number): Promise<void> {
    const { scheduler } = this.world;
    const until = scheduler.steps + steps;
    await scheduler.run(
      () => scheduler.steps >= until || this.world.violation !== undefined,
      CHAOS_LIMIT,
    );
  }

  async #somethingHappens(): Promise<void> {
    const { random } = this.world;
    const share = Math.ceil(220 / random.int(2, 12));
    for (const log of this.world.logs) if (random.chance(0.8)) log.produce(random.int(0, share));
    const what = random.weighted({
      nothing: 2,
      death: 4,
      rebalance: 5,
      cleanStop: 2,
      lineLost: 2,
      maintenance: 7,
      partitionAdded: 0.5,
    });
    this.world.scheduler.trace(`--- ${what}`);
    switch (what) {
      case 'death':
        random.pick(this.#members).die();
        break;
      case 'rebalance':
        this.#rebalance();
        break;
      case 'cleanStop':
        await this.#stop(random.pick(this.#members));
        break;
      case 'lineLost':
        this.#loseLineOfConstantRules();
        break;
      case 'maintenance':
        await this.#maintain();
        break;
      case 'partitionAdded':
        if (this.world.logs.length < 4) this.world.addPartition();
        break;
      case 'nothing':
        break;
    }
    for (const member of this.#members) if (member.fatal) member.die();
    this.#endSessions();
    this.#staff();
  }

  /** The group gives the logs of a silent member to others; it learns of that later, if at all. */
  #endSessions(): void {
    for (const member of this.#members) {
      if (!this.world.expired.delete(member.process)) continue;
      for (const log of member.logs) member.revoke(log, 'zombie');
    }
  }

  /** Every log has exactly one member that the group believes to be its reader. */
  #staff(): void {
    const { random } = this.world;
    this.#members = this.#members.filter((member) => member.process.alive);
    const wanted = random.int(1, 3);
    while (this.#members.length < wanted) {
      const name = `process-${++this.#named}`;
      this.#members.push(new Member(this.world, name, drawHabits(random)));
    }
    for (const log of this.world.logs) {
      if (!this.#members.some((member) => member.logs.includes(log))) {
        random.pick(this.#members).assign(log);
      }
    }
  }

  #rebalance(): void {
    const { random } = this.world;
    for (const log of this.world.logs) {
      const owner = this.#members.find((member) => member.logs.includes(log));
      const next = random.pick(this.#members);
      if (owner === next && random.chance(0.5)) continue;
      owner?.revoke(log, random.pick(['settle', 'abandon', 'zombie']));
      next.assign(log);
    }
  }

  /** Waits for a clean stop, but as an orchestrator does: after a while it kills. */
  async #stop(member: Member): Promise<void> {
    const { scheduler, random } = this.world;
    const patience = scheduler.steps + random.int(20, 400);
    const stopped = member.stop().catch((error: unknown) => {
      this.world.violated(`a clean stop failed: ${String((error as Error).stack)}`);
    });
    let done = false;
    void stopped.then(() => {
      done = true;
    });
    await scheduler.run(() => done || scheduler.steps >= patience, CHAOS_LIMIT);
    member.die();
  }

  #loseLineOfConstantRules(): void {
    const { world } = this;
    if (world.rulesByEpoch.size > 1) return;
    const log = world.random.pick(world.logs);
    this.#loseLine(log);
    this.#lineLost = true;
  }

  /**
   * A replay from the beginning repeats history only if all of the log is there and one set of rules
   * has decided all of it.
   */
  #loseLine(log: MemoryLog): void {
    const { world } = this;
    if (world.isTrimmed(log) || world.isRecreated || !world.hasOneRuleSet(log)) return;
    world.loseLine(log);
  }

  /** Until rows are stored that no line covers yet, if that happens soon. */
  async #untilRowsAhead(): Promise<void> {
    const { world } = this;
    const until = world.scheduler.steps + 100;
    const done = (): boolean =>
      world.scheduler.steps >= until ||
      world.violation !== undefined ||
      world.logs.some((log) => world.hasRowsAhead(log));
    await world.scheduler.run(done, CHAOS_LIMIT);
  }

  /** Everything is stopped, and what was under way has arrived; then somebody changes something. */
  async #maintain(): Promise<void> {
    const { world } = this;
    const { random } = world;
    const kill = random.chance(0.6);
    if (kill && random.chance(0.5)) await this.#untilRowsAhead();
    for (const member of this.#members) {
      if (kill) member.die();
      else await this.#stop(member);
    }
    this.#members = [];
    await this.#drain();
    const what = random.weighted({
      rules: 5,
      trim: 5,
      backUp: 1,
      restore: 1,
      lineLost: 1,
      recreate: 4,
      cold: 8,
      rebuild: 1,
    });
    world.scheduler.trace(`--- ${what}`);
    const trimmed = world.logs.some((log) => world.isTrimmed(log));
    switch (what) {
      case 'rules':
        world.changeRules(changeRules(random, world.rules));
        break;
      case 'trim':
        this.#trim(random.pick(world.logs));
        break;
      case 'backUp':
        world.backUp();
        break;
      case 'restore':
        if (!trimmed) world.restore();
        break;
      case 'lineLost':
        this.#loseLine(random.pick(world.logs));
        break;
      case 'recreate':
        this.#recreate();
        break;
      case 'rebuild':
        await rebuildUserDays(world);
        break;
      case 'cold':
        await this.#cold.run();
        break;
    }
  }

  /** All partitions of a topic, or some. */
  #recreate(): void {
    const { world } = this;
    const share = world.random.pick([0.5, 1]);
    for (const log of world.logs) {
      if (world.random.chance(share) && world.isRecognisable(log)) world.recreate(log);
    }
  }

  #trim(log: MemoryLog): void {
    const { first, end } = log.bounds;
    const { world } = this;
    const line = world.tables.line(log.source);
    // A log that has not been read yet cannot be told from the one before it when it loses its records.
    if (end <= first || (line === undefined && (world.isRecreated || world.hasRowsAhead(log))))
      return;
    const low = line === undefined || world.random.chance(0.3) ? first : line.nextOffset;
    world.trim(log, world.random.int(Math.min(low, end), end));
  }

  async #drain(): Promise<void> {
    await this.world.scheduler.run(() => this.world.scheduler.isIdle, CHAOS_LIMIT);
  }

  async #catchUp(): Promise<string | undefined> {
    const { world } = this;
    const { random, scheduler } = world;
    scheduler.trace('--- catch up');
    world.network.rates = NO_FAULTS;
    for (const log of world.logs) log.produce(Infinity);
    // A reader that has nothing to write does not miss its line: only a new one does.
    if (random.chance(0.5) || this.#lineLost) {
      for (const member of this.#members) member.die();
    }
    if (this.#lineLost) await this.#drain();
    this.#staff();
    const caughtUp = (): boolean =>
      world.violation !== undefined ||
      (this.#members.every((member) => member.caughtUp) && world.network.lateEffects === 0);
    await scheduler.run(caughtUp, CHAOS_LIMIT);
    if (world.violation !== undefined) return world.violation;
    for (const member of this.#members) await this.#stopInPeace(member);
    await this.#drain();
    const unfinished = await this.#cold.finish();
    return world.violation ?? unfinished ?? world.difference();
  }

  async #stopInPeace(member: Member): Promise<void> {
    let done = false;
    void member.stop().then(() => {
      done = true;
    });
    await this.world.scheduler.run(() => done, CHAOS_LIMIT);
  }
}
