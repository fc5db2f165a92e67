/**
 * What is added besides the processors while these are at rest: files, late events, refused records.
 * In: a world. Out: commands that are killed, interrupted, repeated, and run twice at once.
 */
import { ColdCommand } from './cold-command.ts';
import type { ColdTask } from './cold-command.ts';
import type { LogRecord } from './log.ts';
import { generateLogs } from './log-generator.ts';
import { REPLAYED, sourcesOf, waiting } from './marked-logs.ts';
import { MemoryFile } from './memory-file.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

const LIMIT = 40_000;
/** A world has few files, so that they overlap. */
const FILES = 3;

export class ColdPhase {
  readonly #world: World;
  #named = 0;
  #commands: ColdCommand[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Something is added, perhaps several times, and whatever can go wrong does. */
  async run(): Promise<void> {
    const { random } = this.#world;
    for (let times = random.int(1, 3); times > 0; times--) await this.#addOnce();
  }

  async #addOnce(): Promise<void> {
    const { scheduler, random } = this.#world;
    this.#changeFiles();
    const task = this.#drawTask();
    if (task === undefined) return;
    scheduler.trace(`--- ${task.kind}`);
    this.#start(task);
    for (let turn = random.int(0, 4); turn > 0; turn--) {
      await this.#letRun(random.int(3, 150));
      this.#disturb(task);
    }
    if (random.chance(0.4)) await this.#untilRowsAhead(task);
    else await this.#letRun(random.int(0, 600));
    for (const command of this.#commands) command.die();
    this.#commands = [];
    await scheduler.run(() => scheduler.isIdle, LIMIT);
  }

  /** Everything that was begun is brought to its end; what is wrong if it cannot be. */
  async finish(): Promise<string | undefined> {
    const { cold, random, scheduler, tables } = this.#world;
    if (random.chance(0.5)) await this.run();
    const interrupted = tables.lines
      .map(({ source }) => source.replace(/@\d+$/, ''))
      .filter((log) => cold.hasRowsAhead(log));
    const tasks: ColdTask[] = random.chance(0.5)
      ? [{ kind: 'ingest', files: random.shuffle([...cold.files]) }]
      : cold.files.map((file) => ({ kind: 'ingest', files: [file] }));
    for (const log of new Set(interrupted)) {
      if (log.endsWith('#replay')) {
        tasks.push({ kind: 'replay', source: log.slice(0, -'#replay'.length) });
      }
    }
    const appliesLate = interrupted.some((log) => log.endsWith('#late')) || random.chance(0.5);
    if (appliesLate) tasks.push({ kind: 'late' });
    for (const task of tasks) {
      const command = this.#start(task);
      await scheduler.run(() => command.ended || this.#world.violation !== undefined, LIMIT);
      if (command.failure !== undefined) return `${task.kind} failed: ${command.failure.message}`;
    }
    await scheduler.run(() => scheduler.isIdle, LIMIT);
    return cold.unfinished() ?? (appliesLate ? cold.lostLateEvent() : undefined);
  }

  #start(task: ColdTask): ColdCommand {
    const { random } = this.#world;
    const habits = {
      pendingRows: random.pick([1, 5, 20, 1000]),
      cachedUserDays: random.pick([0, 1, 3, 10, 1000]),
      intervalMs: random.pick([0, 5, 500]),
    };
    const command = new ColdCommand(this.#world, `command-${++this.#named}`, habits, task);
    this.#commands.push(command);
    return command;
  }

  #disturb(task: ColdTask): void {
    const { random, scheduler } = this.#world;
    const what = random.weighted({ killed: 3, interrupted: 1, again: 2, nothing: 2 });
    scheduler.trace(`--- ${what}`);
    const command = random.pick(this.#commands);
    if (what === 'killed') command.die();
    if (what === 'interrupted') command.interrupt();
    // The one before may still be at it: its lease ran out while it stood still.
    if (what === 'again' || this.#commands.every(({ ended }) => ended)) this.#start(task);
  }

  async #untilRowsAhead(task: ColdTask): Promise<void> {
    const { scheduler, cold } = this.#world;
    if (task.kind !== 'ingest') return;
    const until = scheduler.steps + 200;
    const done = (): boolean =>
      scheduler.steps >= until || task.files.some(({ name }) => cold.hasRowsAhead(name));
    await scheduler.run(() => this.#isAtRest || done(), LIMIT);
  }

  get #isAtRest(): boolean {
    return this.#world.scheduler.isIdle || this.#world.violation !== undefined;
  }

  async #letRun(steps: number): Promise<void> {
    const { scheduler } = this.#world;
    const until = scheduler.steps + steps;
    await scheduler.run(() => this.#isAtRest || scheduler.steps >= until, LIMIT);
  }

  #drawTask(): ColdTask | undefined {
    const { random, cold, tables } = this.#world;
    const file = this.#interruptedFile();
    if (file !== undefined && random.chance(0.7)) return { kind: 'ingest', files: [file] };
    const what = random.weighted({ ingest: 4, late: 3, replay: 2 });
    if (what === 'late') return { kind: 'late' };
    if (what === 'replay') {
      const sources = sourcesOf(tables, REPLAYED).filter(
        (source) => source.startsWith('file:') && waiting(tables, REPLAYED, source).length > 0,
      );
      return sources.length === 0 ? undefined : { kind: 'replay', source: random.pick(sources) };
    }
    const files = random.shuffle([...cold.files]).slice(0, random.int(1, FILES));
    return { kind: 'ingest', files };
  }

  #changeFiles(): void {
    const { random, cold, scheduler } = this.#world;
    while (cold.files.length < FILES && (cold.files.length === 0 || random.chance(0.5))) {
      cold.files.push(new MemoryFile(`file:${cold.files.length}.csv`, this.#fresh()));
    }
    if (random.chance(0.3)) return;
    const file = this.#interruptedFile() ?? random.pick(cold.files);
    const how = file.rewrite(random, this.#fresh());
    scheduler.trace(`--- a file is ${how}`);
  }

  /** A file of which an interrupted run has left rows that no line tells of. */
  #interruptedFile(): MemoryFile | undefined {
    const { cold } = this.#world;
    return cold.files.find(({ name }) => cold.hasRowsAhead(name));
  }

  /** Rows that overlap with what the logs and files hold, and some that do not. */
  #fresh(): LogRecord[] {
    const { random, logs, rules, cold } = this.#world;
    const plan = { partitions: 1, records: random.int(5, 40) };
    const [made = []] = generateLogs(new Random(random.int(0, 2 ** 31), 'file'), plan, rules);
    const held = [...logs, ...cold.files].flatMap(({ records }) => records);
    const shared = held.filter(() => random.chance(0.2));
    return random.shuffle([...made, ...shared]).slice(0, random.int(5, 60));
  }
}
