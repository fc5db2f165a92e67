/**
 * Everything outside the product in one simulated history: time, network, tables, logs, registry and
 * dead letters, with the model that knows what must become of it. In: a seed. Out: violations.
 */
import type { DeadLetter, DeadLetterQueue, SchemaRegistry } from '../../src/processor/ports.ts';
import type { Rules } from '../../src/streams/rules.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import { drawFaultRates, Network, NO_FAULTS } from './faults.ts';
import { generateLogs } from './log-generator.ts';
import { MemoryStore } from './memory-clickhouse.ts';
import type { StoreWatch } from './memory-clickhouse.ts';
import { MemoryLog } from './memory-kafka.ts';
import { appEventTables, MemoryTables } from './memory-tables.ts';
import { modelSource } from './model.ts';
import type { Decided, PathStep, SkippedRange, SourceModel } from './model.ts';
import { compareLine, firstDifference, lostLetter, missingBelow } from './oracle.ts';
import { Random } from './random.ts';
import { generateRules } from './rules-generator.ts';
import { Scheduler } from './scheduler.ts';
import type { Process } from './scheduler.ts';
import { registeredSchemas } from './writer-schemas.ts';

export const TOPIC = 'app-events';

/** What the history of one log has been, as far as it decides outcomes. */
interface History {
  readonly path: readonly PathStep[];
  readonly skipped: readonly SkippedRange[];
}

export class World implements StoreWatch {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly tables = new MemoryTables(appEventTables);
  readonly logs: readonly MemoryLog[];
  readonly letters: DeadLetter[] = [];
  readonly rulesByEpoch = new Map<number, Rules>();
  rules: Rules;
  violation: string | undefined;
  #histories: Map<string, History>;
  readonly #models = new Map<string, SourceModel>();
  readonly #schemas = registeredSchemas();
  #backup: { tables: MemoryTables; histories: Map<string, History> } | undefined;

  constructor(seed: number, trace: (line: string) => void) {
    this.random = new Random(seed, 'world');
    this.scheduler = new Scheduler(new Random(seed, 'scheduler'), trace);
    const calm = this.random.chance(0.1);
    const rates = calm ? NO_FAULTS : drawFaultRates(this.random);
    this.network = new Network(this.scheduler, new Random(seed, 'network'), rates);
    this.rules = generateRules(new Random(seed, 'rules'));
    this.rulesByEpoch.set(1, this.rules);
    const plan = { partitions: this.random.int(1, 3), records: this.random.int(20, 220) };
    const generated = generateLogs(new Random(seed, 'log'), plan, this.rules);
    this.logs = generated.map((records, i) => new MemoryLog(`${TOPIC}/${i}`, records));
    this.#histories = new Map(
      this.logs.map((log) => [
        log.source,
        { path: [{ offset: 0, rules: this.rules }], skipped: [] },
      ]),
    );
  }

  store(process: Process): MemoryStore {
    return new MemoryStore(this.tables, this.network, process, this);
  }

  deadLetters(process: Process): DeadLetterQueue {
    return {
      send: (letters) => {
        const copies = structuredCloneLetters(letters);
        const label = `send ${letters.length} dead letters`;
        return this.network.apply(
          process,
          label,
          () => void this.letters.push(...copies),
          (random) => void this.letters.push(...copies.filter(() => random.chance(0.5))),
        );
      },
    };
  }

  registry(process: Process): SchemaRegistry {
    return {
      schema: (id) => this.network.ask(process, `schema ${id}`, () => this.#schemas.get(id)),
    };
  }

  // --- What must hold at any time ---------------------------------------------------------------

  violated(what: string): void {
    this.violation ??= what;
  }

  lineStored(line: ProgressLine): void {
    const model = this.#modelOf(line.source);
    if (model === undefined) {
      this.violated(`a line of the unknown source ${line.source}`);
      return;
    }
    const wrong = compareLine(line, model) ?? missingBelow(line, this.tables, model);
    if (wrong !== undefined) this.violated(wrong);
  }

  committed(line: ProgressLine): void {
    const stored = this.tables.line(line.source);
    if (stored !== undefined && stored.nextOffset >= line.nextOffset) return;
    this.violated(`${line.source}:${line.nextOffset} was committed before its line was stored`);
  }

  /** The first difference between what is stored and what the model says, once all is caught up. */
  difference(): string | undefined {
    const models = this.logs.map((log) => this.#modelOf(log.source) as SourceModel);
    for (const log of this.logs) {
      const line = this.tables.line(log.source);
      const { first, end } = log.bounds;
      if (line === undefined) {
        if (log.records.length > 0) return `no line of ${log.source}`;
        continue;
      }
      if (line.nextOffset !== end) {
        return `${log.source} was left at ${line.nextOffset}, of ${first} to ${end}`;
      }
      const wrong = compareLine(line, this.#modelOf(log.source) as SourceModel);
      if (wrong !== undefined) return wrong;
    }
    const expected = { models, rulesByEpoch: this.rulesByEpoch };
    return firstDifference(this.tables, expected) ?? lostLetter(this.letters, models);
  }

  /** What the model makes of every record: for a person who looks for the cause of a difference. */
  explain(): string {
    const lines = this.logs.flatMap((log) => {
      const model = this.#modelOf(log.source);
      const rules = this.#histories
        .get(log.source)
        ?.path.map(
          ({ offset, rules: { epoch, timezone, lookbackDays, eventTypes, platforms } }) =>
            `${log.source} from ${offset}: epoch ${epoch}, ${timezone}, lookback ${lookbackDays}, ` +
            `closed types ${eventTypes.closed}, closed platforms ${platforms.closed}`,
        );
      return [...(rules ?? []), ...(model?.decided ?? []).map((one) => explained(log, one))];
    });
    return lines.join('\n');
  }

  // --- What happens to the world while nothing runs ---------------------------------------------

  /** New rules: they decide from where each line is. */
  changeRules(rules: Rules): void {
    this.rules = rules;
    this.rulesByEpoch.set(rules.epoch, rules);
    for (const log of this.logs)
      this.#rulesFrom(log, this.tables.line(log.source)?.nextOffset ?? 0);
  }

  trim(log: MemoryLog, offset: number): void {
    const line = this.tables.line(log.source);
    const { first } = log.bounds;
    log.trim(offset);
    const from = Math.max(first, line?.nextOffset ?? 0);
    if (from >= offset) return;
    const range = { first: from, end: offset, counted: line !== undefined };
    this.#change(log.source, ({ path, skipped }) => ({ path, skipped: [...skipped, range] }));
  }

  loseLine(log: MemoryLog): void {
    this.tables.loseLine(log.source);
    this.#rulesFrom(log, 0);
  }

  backUp(): void {
    this.#backup = { tables: this.tables.copy(), histories: new Map(this.#histories) };
  }

  restore(): boolean {
    if (this.#backup === undefined) return false;
    this.tables.restore(this.#backup.tables);
    this.#histories = new Map(this.#backup.histories);
    this.#models.clear();
    this.changeRules(this.rules);
    return true;
  }

  isTrimmed(log: MemoryLog): boolean {
    return log.bounds.first > (log.records[0]?.offset ?? 0);
  }

  /** Whether rows are stored that the line does not cover. */
  hasRowsAhead(log: MemoryLog): boolean {
    const from = this.tables.line(log.source)?.nextOffset ?? 0;
    return ['events_rows', 'late_events_rows', 'rejected_events_rows'].some(
      (table) => this.tables.from(table, log.source, from).length > 0,
    );
  }

  #rulesFrom(log: MemoryLog, offset: number): void {
    this.#change(log.source, ({ path, skipped }) => {
      const before = path.filter((step) => step.offset < offset);
      const { rules } = this;
      if (before.at(-1)?.rules === rules) return { path: before, skipped };
      return { path: [...before, { offset, rules }], skipped };
    });
  }

  #change(source: string, change: (history: History) => History): void {
    const history = this.#histories.get(source);
    if (history !== undefined) this.#histories.set(source, change(history));
    this.#models.delete(source);
  }

  #modelOf(source: string): SourceModel | undefined {
    const log = this.logs.find((one) => one.source === source);
    const history = this.#histories.get(source);
    if (log === undefined || history === undefined) return undefined;
    let model = this.#models.get(source);
    if (model === undefined) {
      model = modelSource(source, log.records, history.path, history.skipped);
      this.#models.set(source, model);
    }
    return model;
  }
}

function explained(log: MemoryLog, { record, decision }: Decided): string {
  const { truth, time } = record;
  const instant = (millis: number): string => new Date(millis).toISOString();
  const content =
    truth.kind === 'broken'
      ? truth.reason
      : `${truth.event.event_type} of ${truth.event.user_id} id ${truth.event.event_id} at ` +
        `${instant(truth.event.event_time / 1000)}+${truth.event.event_time % 1000}`;
  const recorded = time === -1 ? 'without time' : instant(time);
  return `${log.source}:${record.offset} ${decision.outcome}, recorded ${recorded}: ${content}`;
}

function structuredCloneLetters(letters: readonly DeadLetter[]): DeadLetter[] {
  return letters.map((letter) => ({
    ...letter,
    key: letter.key === null ? null : Buffer.from(letter.key),
    value: letter.value === null ? null : Buffer.from(letter.value),
    headers: letter.headers.map((header) => ({ ...header })),
  }));
}
