/**
 * The sources besides Kafka, as far as the judge knows them. In: what commands read and what reached
 * the tables. Out: a model of each source, and whatever no run may ever do.
 *
 * What such a source accepts depends on what others had accepted by then, so for each event the model
 * asks the tables which of the two it was, and allows only what can have been.
 */
import type { Rules } from '../../src/streams/rules.ts';
import type { ProgressLine } from '../../src/warehouse/store.ts';
import type { LogRecord } from './log.ts';
import type { MemoryFile } from './memory-file.ts';
import type { MemoryTables } from './memory-tables.ts';
import { modelSource } from './model.ts';
import type { Elsewhere, PathStep, SourceModel } from './model.ts';
import type { KeptEvent } from './model-rules.ts';
import { binary } from './native-reader.ts';
import type { Row } from './native-reader.ts';
import { compareLine, missingBelow } from './oracle.ts';
import type { Process } from './scheduler.ts';

interface Known {
  /** The log as whoever wrote the furthest line had read it. */
  readonly records: readonly LogRecord[];
  readonly upTo: number;
  readonly path: readonly PathStep[];
}

export class ColdSources {
  readonly files: MemoryFile[] = [];
  readonly #tables: MemoryTables;
  #known: Map<string, Known> = new Map();
  /** What a process reads now, and since which step it runs. */
  readonly #reading = new Map<Process, { log: string; records: readonly LogRecord[] }>();
  readonly #since = new Map<Process, number>();
  /** By event: the sources that have ever held it, and since which step. */
  #held = new Map<string, Map<string, number>>();

  constructor(tables: MemoryTables) {
    this.#tables = tables;
  }

  static isCold(source: string): boolean {
    return source.startsWith('file:') || source.includes('#');
  }

  begins(process: Process, step: number): void {
    this.#since.set(process, step);
  }

  reads(process: Process, log: string, records: readonly LogRecord[]): void {
    this.#reading.set(process, { log, records });
  }

  record(source: string, offset: number): LogRecord {
    const found = this.#known.get(source)?.records.find((record) => record.offset === offset);
    if (found === undefined) throw new Error(`nobody has read ${source}:${offset}`);
    return found;
  }

  /** What is wrong with a line that was stored, if anything. */
  lineStored(line: ProgressLine, process: Process, rules: Rules): string | undefined {
    const { source, nextOffset } = line;
    const known = this.#known.get(source);
    const reading = this.#reading.get(process);
    const isOfThis = reading !== undefined && source.replace(/@\d+$/, '') === reading.log;
    if (known === undefined || nextOffset > known.upTo) {
      this.#known.set(source, {
        records: isOfThis ? reading.records : (known?.records ?? []),
        upTo: nextOffset,
        path: known?.path ?? [{ offset: 0, rules: withoutLookback(rules) }],
      });
    }
    const model = this.#modelOf(source);
    return compareLine(line, model) ?? missingBelow(line, this.#tables, model);
  }

  /** What is wrong with accepted rows that are being stored, if anything. */
  rowsStored(rows: readonly Row[], process: Process, step: number): string | undefined {
    let wrong: string | undefined;
    for (const row of rows) {
      const key = keyOfRow(row);
      const source = String(row['source']);
      const holders = this.#held.get(key) ?? new Map<string, number>();
      this.#held.set(key, holders);
      if (holders.has(source)) continue;
      const since = this.#since.get(process);
      if (since !== undefined && looksElsewhere(source)) {
        const earlier = [...holders].find(
          ([other, from]) => from < since && this.#holds(other, key),
        );
        if (earlier !== undefined) {
          wrong ??= `${source} accepted ${key}, which ${earlier[0]} had accepted before`;
        }
      }
      holders.set(source, step);
    }
    return wrong;
  }

  changeRules(rules: Rules): void {
    for (const [source, known] of this.#known) {
      const offset = this.#tables.line(source)?.nextOffset ?? 0;
      const path = known.path.filter((step) => step.offset < offset);
      this.#known.set(source, {
        ...known,
        path: [...path, { offset, rules: withoutLookback(rules) }],
      });
    }
  }

  backUp(): ReadonlyMap<string, Known> {
    return new Map(this.#known);
  }

  restore(known: ReadonlyMap<string, Known>): void {
    this.#known = new Map(known);
    this.#held = new Map();
    for (const row of this.#tables.rows('events_rows')) {
      const holders = this.#held.get(keyOfRow(row)) ?? new Map<string, number>();
      this.#held.set(keyOfRow(row), holders.set(String(row['source']), 0));
    }
  }

  models(): SourceModel[] {
    return [...this.#known.keys()].map((source) => this.#modelOf(source));
  }

  /** Whether rows are stored that no line covers: of a run that was interrupted. */
  hasRowsAhead(): boolean {
    const tables = ['events_rows', 'rejected_events_rows'];
    return tables.some((table) =>
      this.#tables.rows(table).some((row) => {
        const source = String(row['source']);
        const covered = this.#tables.line(source)?.nextOffset ?? 0;
        return ColdSources.isCold(source) && Number(row['offset']) >= covered;
      }),
    );
  }

  /** Whether others hold an event that a source, which looks at them, has not accepted at an offset. */
  elsewhere(source: string): Elsewhere {
    const own = this.#tables.from('events_rows', source, 0);
    const accepted = new Set(own.map((row) => Number(row['offset'])));
    return (event, offset) => {
      if (accepted.has(offset)) return false;
      const holders = this.#held.get(keyOfEvent(event)) ?? new Map<string, number>();
      return [...holders.keys()].some((other) => other !== source);
    };
  }

  /** The first file that was not taken in as it is. */
  unfinished(): string | undefined {
    for (const { name, records } of this.files) {
      const line = this.#tables.newestLine('app-events', name);
      if (line === undefined && records.length === 0) continue;
      if (line?.nextOffset !== records.length) {
        return `${name} was left at ${line?.nextOffset ?? 0} of ${records.length}`;
      }
      const read = this.#known.get(line.source)?.records ?? [];
      const unread = records.findIndex(({ value }, at) => read[at]?.value !== value);
      if (unread >= 0) return `${name} has at ${unread} a row that ${line.source} never had`;
    }
    return undefined;
  }

  /** A late event that was marked as applied and is nowhere. */
  lostLateEvent(): string | undefined {
    for (const row of this.#tables.rows('late_events_rows')) {
      const where = `the late event ${String(row['source'])}:${String(row['offset'])}`;
      if (row['applied_at'] === 0) return `${where} was not applied`;
      const key = keyOfRow(row);
      if ((this.#held.get(key)?.size ?? 0) > 0 || this.#isRefusedNow(row)) continue;
      return `${where} is lost: ${key}`;
    }
    return undefined;
  }

  /** Under newer rules a late event may be none. */
  #isRefusedNow(late: Row): boolean {
    return this.#tables
      .rows('rejected_events_rows')
      .some(
        (row) =>
          String(row['source']).startsWith(`${String(late['source'])}#late`) &&
          String(row['bytes']).includes(String(late['event_id'])),
      );
  }

  #modelOf(source: string): SourceModel {
    const { records, upTo, path } = this.#known.get(source) as Known;
    const covered = records.filter(({ offset }) => offset < upTo);
    return modelSource(source, covered, path, [], this.elsewhere(source));
  }

  #holds(source: string, key: string): boolean {
    const rows = this.#tables.from('events_rows', source, 0);
    return rows.some((row) => keyOfRow(row) === key);
  }
}

/** Kafka's partitions do not, but for those that took another's place. */
function looksElsewhere(source: string): boolean {
  return ColdSources.isCold(source) || source.includes('@');
}

function withoutLookback(rules: Rules): Rules {
  return { ...rules, lookbackDays: Infinity };
}

function keyOfRow(row: Row): string {
  return JSON.stringify([row['event_date'], row['user_id'], row['event_id']]);
}

function keyOfEvent({ day, user_id, event_id }: KeptEvent): string {
  return JSON.stringify([day, binary(user_id), binary(event_id)]);
}
