/**
 * Everything outside the product in one simulated history: time, network, tables, logs, registry and
 * dead letters, with the model that knows what must become of it. In: a seed. Out: violations.
 */
import type { DeadLetter, DeadLetterQueue, SchemaRegistry } from '../../src/processor/ports.ts';
import type { Rules } from '../../src/streams/rules.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import type { LogRecord } from './log.ts';
import { ColdSources } from './cold-sources.ts';
import { drawFaultRates, Network, NO_FAULTS } from './faults.ts';
import { generateLogs } from './log-generator.ts';
import { MemoryStore } from './memory-clickhouse.ts';
import type { StoreWatch } from './memory-clickhouse.ts';
import { MemoryLog } from './memory-kafka.ts';
import { appEventTables, MemoryTables, outcomesOf } from './memory-tables.ts';
import { modelSource } from './model.ts';
import { differentLife } from './model-derived.ts';
import type { Decided, Decision, Elsewhere, PathStep, SkippedRange, SourceModel } from './model.ts';
import { aheadOfEvents, compareLine, firstDifference, lostLetter, missingBelow } from './oracle.ts';
import type { Row } from './native-reader.ts';
import { Random } from './random.ts';
import { generateRules } from './rules-generator.ts';
import { Scheduler } from './scheduler.ts';
import type { Process } from './scheduler.ts';
import { registeredSchemas } from './writer-schemas.ts';

export const TOPIC = 'app-events';
const SESSION_TIMEOUT_MS = 10_000;

/** What the history of one log has been, as far as it decides outcomes. */
interface History {
  readonly path: readonly PathStep[];
  readonly skipped: readonly SkippedRange[];
}

/** A log that is no more: what was processed of it, and what others had accepted until then. */
interface GoneLog extends History {
  readonly log: string;
  readonly source: string;
  readonly records: readonly LogRecord[];
  readonly elsewhere: Elsewhere;
}

export class World implements StoreWatch {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly tables = new MemoryTables(appEventTables);
  readonly cold = new ColdSources(this.tables);
  logs: readonly MemoryLog[];
  /** Logs that are no more, as far as they had been processed. */
  #gone: readonly GoneLog[] = [];
  readonly letters: DeadLetter[] = [];
  readonly rulesByEpoch = new Map<number, Rules>();
  rules: Rules;
  violation: string | undefined;
  #histories: Map<string, History>;
  /** The highest line of each source, lost ones included. */
  readonly #everStored = new Map<string, number>();
  readonly #models = new Map<string, SourceModel>();
  readonly #schemas = registeredSchemas();
  /** Whoever the group takes for dead, because a call took longer than its session may. */
  readonly expired = new Set<Process>();
  #backup:
    | {
        tables: MemoryTables;
        histories: Map<string, History>;
        cold: ReturnType<ColdSources['backUp']>;
      }
    | undefined;

  constructor(seed: number, trace: (line: string) => void) {
    this.random = new Random(seed, 'world');
    this.scheduler = new Scheduler(new Random(seed, 'scheduler'), trace);
    const calm = this.random.chance(0.1);
    const rates = calm ? NO_FAULTS : drawFaultRates(this.random);
    this.network = new Network(this.scheduler, new Random(seed, 'network'), rates);
    this.network.onStall = (owner) => {
      this.scheduler.later(`the session of ${owner.name} ends`, SESSION_TIMEOUT_MS, () =>
        this.expired.add(owner),
      );
    };
    this.rules = generateRules(new Random(seed, 'rules'));
    this.rulesByEpoch.set(1, this.rules);
    const plan = {
      partitions: this.random.int(1, 3),
      records: this.random.chance(0.1) ? this.random.int(100, 400) : this.random.int(10, 90),
    };
    const generated = generateLogs(new Random(seed, 'log'), plan, this.rules);
    this.logs = generated.map((records, i) => new MemoryLog(`${TOPIC}/${i}`, 1, records));
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

  rowsStored(table: string, rows: readonly Row[], process: Process): void {
    let wrong: string | undefined;
    if (table !== 'user_day_rows') this.cold.recordsStored(rows, process);
    if (table === 'events_rows') {
      wrong = this.cold.rowsStored(rows, process, this.scheduler.steps);
    } else if (table === 'user_day_rows') {
      wrong = aheadOfEvents(rows, this.tables);
    }
    if (wrong !== undefined) this.violated(wrong);
  }

  lineStored(line: ProgressLine, process: Process): void {
    const highest = this.#everStored.get(line.source) ?? 0;
    this.#everStored.set(line.source, Math.max(highest, line.nextOffset));
    if (ColdSources.isCold(line.source)) {
      const wrong = this.cold.lineStored(line, process, this.rules);
      if (wrong !== undefined) this.violated(wrong);
      return;
    }
    const model = this.#modelOf(line.source);
    if (model === undefined) {
      this.violated(`a line of the unknown source ${line.source}`);
      return;
    }
    const wrong = compareLine(line, model) ?? missingBelow(line, this.tables, model);
    if (wrong !== undefined) this.violated(wrong);
  }

  committed(line: ProgressLine): void {
    if ((this.#everStored.get(line.source) ?? -1) >= line.nextOffset) return;
    this.violated(`${line.source}:${line.nextOffset} was committed before its line was stored`);
  }

  settled(log: MemoryLog, nextOffset: number): void {
    // That a log is another one may not be known yet.
    const stored = [...this.#everStored].filter(([source]) => source.split('@')[0] === log.log);
    if (stored.some(([, highest]) => highest >= nextOffset)) return;
    this.violated(`${log.source}:${nextOffset} was settled before its line was stored`);
  }

  /** The first difference between what is stored and what the model says, once all is caught up. */
  difference(): string | undefined {
    const models = this.logs.map((log) => this.#modelOf(log.source) as SourceModel);
    for (const log of this.logs) {
      const line = this.tables.line(log.source);
      const { first, end } = log.bounds;
      if (line === undefined) {
        if (!log.isEmpty) return `no line of ${log.source}`;
        continue;
      }
      if (line.nextOffset !== end) {
        return `${log.source} was left at ${line.nextOffset}, of ${first} to ${end}`;
      }
      const wrong = compareLine(line, this.#modelOf(log.source) as SourceModel);
      if (wrong !== undefined) return wrong;
    }
    models.push(...this.#gone.map((gone) => this.#modelOfGone(gone)));
    const cold = this.cold.models();
    for (const model of cold) {
      const line = this.tables.line(model.source);
      const wrong = line && compareLine(line, model);
      if (wrong !== undefined) return wrong;
    }
    const expected = { models: [...models, ...cold], rulesByEpoch: this.rulesByEpoch };
    return (
      firstDifference(this.tables, expected) ??
      lostLetter(this.letters, models) ??
      this.#differentLife(expected.models)
    );
  }

  /** Only under one set of rules: others would have cut sessions differently. */
  #differentLife(models: readonly SourceModel[]): string | undefined {
    if (this.rulesByEpoch.size > 1) return undefined;
    const userDays = this.tables.rows('user_day_rows').filter((row) => Number(row['events']) > 0);
    const events = models.flatMap((model) =>
      [...model.userDays.values()].flatMap((day) => day.events.map(({ event }) => event)),
    );
    return differentLife(userDays, events, this.rules);
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
    this.cold.changeRules(rules);
    for (const log of this.logs) {
      const offset = this.tables.line(log.source)?.nextOffset ?? 0;
      this.#rulesFrom(log, offset);
      this.#change(log.source, ({ path, skipped }) => ({
        path,
        skipped: skipped.map((one) => withoutKept(one, offset)),
      }));
    }
    this.#gone = this.#gone.map((gone) => {
      const { nextOffset } = this.tables.line(gone.source) as ProgressLine;
      return { ...gone, skipped: gone.skipped.map((one) => withoutKept(one, nextOffset)) };
    });
  }

  trim(log: MemoryLog, offset: number): void {
    const line = this.tables.line(log.source);
    const { first } = log.bounds;
    log.trim(offset);
    const from = Math.max(first, line?.nextOffset ?? 0);
    if (from >= offset) return;
    const counted = line !== undefined;
    const kept = new Map([...this.#ahead(log.source, from)].filter(([at]) => at < offset));
    const range = { first: from, end: offset, counted, kept };
    this.#change(log.source, ({ path, skipped }) => ({
      path,
      skipped: [...skipped, range],
    }));
  }

  /** The log ends where it was processed to, and another one begins under its name. */
  recreate(log: MemoryLog): void {
    const from = this.tables.line(log.source)?.nextOffset ?? 0;
    const kept = this.#ahead(log.source, from);
    const end = Math.max(from, ...[...kept.keys()].map((offset) => offset + 1));
    const known = log.records.filter((record) => record.offset < end);
    const { path, skipped } = this.#histories.get(log.source) as History;
    const rest = { first: from, end, counted: true, kept };
    const generation = 2 + this.#gone.filter((gone) => gone.log === log.log).length;
    this.#gone = [
      ...this.#gone,
      {
        log: log.log,
        source: log.source,
        records: known,
        path,
        skipped: end > from ? [...skipped, rest] : skipped,
        elsewhere: this.#elsewhere(log.source),
      },
    ];
    const made = new MemoryLog(log.log, generation, this.#newRecords(known));
    // Sometimes it is longer than the one before by the time that somebody looks.
    made.produce(this.random.chance(0.5) ? Infinity : 0);
    this.#histories.set(made.source, { path: [{ offset: 0, rules: this.rules }], skipped: [] });
    this.logs = this.logs.map((other) => (other === log ? made : other));
    this.#backup = undefined;
  }

  addPartition(): void {
    const held = this.logs.flatMap(({ records }) => records);
    const made = new MemoryLog(`${TOPIC}/${this.logs.length}`, 1, this.#newRecords(held));
    this.#histories.set(made.source, { path: [{ offset: 0, rules: this.rules }], skipped: [] });
    this.logs = [...this.logs, made];
  }

  /** Records of a new log, among them some that producers have sent before. */
  #newRecords(sent: readonly LogRecord[]): LogRecord[] {
    const { random } = this;
    const plan = { partitions: 1, records: random.int(10, 100) };
    const [made = []] = generateLogs(new Random(random.int(0, 2 ** 31), 'log'), plan, this.rules);
    return made.map((record, offset) => {
      // Sent again without a time, and to the same offset, a record could not be told from the old one.
      const resent = sent.length > 0 && record.time !== -1 && random.chance(0.3);
      const again = resent ? random.pick(sent) : record;
      return { ...again, offset, time: record.time };
    });
  }

  /** Whether its line remembers a record by which it can be told from another log. */
  isRecognisable(log: MemoryLog): boolean {
    const line = this.tables.line(log.source);
    return typeof line?.lastOffset === 'number' && line.lastOffset >= log.bounds.first;
  }

  get isRecreated(): boolean {
    return this.#gone.length > 0;
  }

  loseLine(log: MemoryLog): void {
    this.tables.loseLine(log.source);
    this.#rulesFrom(log, 0);
  }

  backUp(): void {
    this.#backup = {
      tables: this.tables.copy(),
      histories: new Map(this.#histories),
      cold: this.cold.backUp(),
    };
  }

  restore(): boolean {
    if (this.#backup === undefined) return false;
    this.tables.restore(this.#backup.tables);
    // A partition that was added since then is as new as ever.
    const added = { path: [{ offset: 0, rules: this.rules }], skipped: [] };
    const now = this.logs.map(({ source }) => [source, added] as const);
    this.#histories = new Map([...now, ...this.#backup.histories]);
    this.#models.clear();
    this.cold.restore(this.#backup.cold);
    this.changeRules(this.rules);
    return true;
  }

  isTrimmed(log: MemoryLog): boolean {
    return log.bounds.first > (log.records[0]?.offset ?? 0);
  }

  hasOneRuleSet(log: MemoryLog): boolean {
    return this.#histories.get(log.source)?.path.length === 1;
  }

  /** Whether rows are stored that the line does not cover. */
  hasRowsAhead(log: MemoryLog): boolean {
    const from = this.tables.line(log.source)?.nextOffset ?? 0;
    return this.tables.ahead(log.source, from).length > 0;
  }

  /** What stays of what is stored from an offset on: only what was made under the rules of now. */
  #ahead(source: string, from: number): ReadonlyMap<number, Decision['outcome']> {
    return outcomesOf(this.tables.ahead(source, from), this.rules.epoch);
  }

  /** A log that took another's place looks at what others have accepted. */
  #elsewhere(source: string): Elsewhere {
    return source.includes('@') ? this.cold.elsewhere(source) : () => false;
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

  #modelOfGone({ source, records, path, skipped, elsewhere }: GoneLog): SourceModel {
    const last = skipped.at(-1);
    const closedAt = last !== undefined && last.kept.size > 0 ? last.end : null;
    return modelSource(source, records, path, skipped, elsewhere, closedAt);
  }

  #modelOf(source: string): SourceModel | undefined {
    const log = this.logs.find((one) => one.source === source);
    const history = this.#histories.get(source);
    if (log === undefined || history === undefined) {
      // Whoever has not yet noticed that a log is gone may write its last line again.
      const gone = this.#gone.find((one) => one.source === source);
      return gone && this.#modelOfGone(gone);
    }
    let model = source.includes('@') ? undefined : this.#models.get(source);
    if (model === undefined) {
      const { path, skipped } = history;
      model = modelSource(source, log.records, path, skipped, this.#elsewhere(source));
      this.#models.set(source, model);
    }
    return model;
  }
}

/** Nothing that older rules made after the line stays. */
function withoutKept(range: SkippedRange, nextOffset: number): SkippedRange {
  return range.first < nextOffset ? range : { ...range, kept: new Map() };
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
