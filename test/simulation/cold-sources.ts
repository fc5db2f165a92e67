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
import { outcomesOf } from './memory-tables.ts';
import type { MemoryTables } from './memory-tables.ts';
import { modelSource } from './model.ts';
import type { Elsewhere, PathStep, SkippedRange, SourceModel } from './model.ts';
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
  /** What was stored beyond the line when another log took this one's place: with it the last line ends. */
  readonly rest: Rest | null;
}

interface Rest {
  readonly range: SkippedRange;
  readonly records: readonly LogRecord[];
}

interface Holding {
  readonly step: number;
  readonly by: Process | null;
}

interface ColdBackup {
  readonly known: ReadonlyMap<string, Known>;
  readonly stored: ReadonlyMap<string, ReadonlyMap<number, LogRecord>>;
}

export class ColdSources {
  readonly files: MemoryFile[] = [];
  readonly #tables: MemoryTables;
  #known: Map<string, Known> = new Map();
  /** What a process reads now, and since which step it runs. */
  readonly #reading = new Map<Process, Map<string, readonly LogRecord[]>>();
  /** By source: the records of which rows were stored, as whoever stored them had read them. */
  #stored = new Map<string, ReadonlyMap<number, LogRecord>>();
  readonly #since = new Map<Process, number>();
  /** By event: the sources that have ever held it, since which step, and who stored it. */
  #held = new Map<string, Map<string, Holding>>();

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
    const logs = this.#reading.get(process) ?? new Map<string, readonly LogRecord[]>();
    this.#reading.set(process, logs.set(log, records));
  }

  record(source: string, offset: number): LogRecord {
    const found =
      this.#stored.get(source)?.get(offset) ??
      this.#known.get(source)?.records.find((record) => record.offset === offset);
    if (found === undefined) throw new Error(`nobody has read ${source}:${offset}`);
    return found;
  }

  /** What is wrong with a line that was stored, if anything. */
  lineStored(line: ProgressLine, process: Process, rules: Rules): string | undefined {
    const { source, nextOffset } = line;
    const known = this.#known.get(source) ?? {
      records: [],
      upTo: -1,
      path: [{ offset: 0, rules: withoutLookback(rules) }],
      rest: null,
    };
    if (line.lastOffset !== null && line.lastChecksum === null) {
      const rest = known.rest ?? this.#restOf(source, known.upTo, rules.epoch);
      this.#known.set(source, { ...known, rest });
    } else if (nextOffset > known.upTo) {
      const records = this.#reading.get(process)?.get(logOf(source)) ?? known.records;
      this.#known.set(source, { ...known, records, upTo: nextOffset });
    }
    const model = this.#modelOf(source);
    return compareLine(line, model) ?? missingBelow(line, this.#tables, model);
  }

  /** Rows of records were stored, by whoever reads their log. */
  recordsStored(rows: readonly Row[], process: Process): void {
    for (const row of rows) {
      const source = String(row['source']);
      const read = this.#reading.get(process)?.get(logOf(source));
      const record = read?.find(({ offset }) => offset === Number(row['offset']));
      if (record === undefined) continue;
      const stored = new Map(this.#stored.get(source));
      this.#stored.set(source, stored.set(record.offset, record));
    }
  }

  /** What is wrong with accepted rows that are being stored, if anything. */
  rowsStored(rows: readonly Row[], process: Process, step: number): string | undefined {
    let wrong: string | undefined;
    for (const row of rows) {
      const key = keyOfRow(row);
      const source = String(row['source']);
      const holders = this.#held.get(key) ?? new Map<string, Holding>();
      this.#held.set(key, holders);
      if (holders.has(source)) continue;
      const since = this.#since.get(process);
      if (since !== undefined && looksElsewhere(source)) {
        // Two at once need not know of each other, and neither need partitions of one process; but logs that
        // end are read one after the other.
        const isAfter = (other: string, { step: from, by }: Holding): boolean =>
          from < since || (by === process && ColdSources.isCold(other));
        const earlier = [...holders].find(
          ([other, holding]) => isAfter(other, holding) && this.#holds(other, key),
        );
        if (earlier !== undefined) {
          wrong ??= `${source} accepted ${key}, which ${earlier[0]} had accepted before`;
        }
      }
      holders.set(source, { step, by: process });
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

  backUp(): ColdBackup {
    return { known: new Map(this.#known), stored: new Map(this.#stored) };
  }

  restore({ known, stored }: ColdBackup): void {
    this.#known = new Map(known);
    this.#stored = new Map(stored);
    this.#held = new Map();
    for (const row of this.#tables.rows('events_rows')) {
      const holders = this.#held.get(keyOfRow(row)) ?? new Map<string, Holding>();
      this.#held.set(keyOfRow(row), holders.set(String(row['source']), { step: 0, by: null }));
    }
  }

  models(): SourceModel[] {
    return [...this.#known.keys()].map((source) => this.#modelOf(source));
  }

  /** Whether rows of a log are stored that its line does not cover. */
  hasRowsAhead(log: string): boolean {
    const line = this.#tables.newestLine('app-events', log);
    return line !== undefined && this.#tables.ahead(line.source, line.nextOffset).length > 0;
  }

  /** Whether others hold an event that a source, which looks at them, has not accepted at an offset. */
  elsewhere(source: string): Elsewhere {
    const own = this.#tables.from('events_rows', source, 0);
    const accepted = new Set(own.map((row) => Number(row['offset'])));
    return (event, offset) => {
      if (accepted.has(offset)) return false;
      const holders = this.#held.get(keyOfEvent(event)) ?? new Map<string, Holding>();
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
    const { records, upTo, path, rest } = this.#known.get(source) as Known;
    const covered = records.filter(({ offset }) => offset < upTo);
    return modelSource(
      source,
      [...covered, ...(rest?.records ?? [])],
      path,
      rest === null ? [] : [rest.range],
      this.elsewhere(source),
      rest?.range.end ?? null,
    );
  }

  #restOf(source: string, first: number, epoch: number): Rest {
    const kept = outcomesOf(this.#tables.ahead(source, first), epoch);
    const offsets = [...kept.keys()].sort((a, b) => a - b);
    const records = offsets.map((offset) => this.record(source, offset));
    const range = { first, end: (offsets.at(-1) ?? first - 1) + 1, counted: true, kept };
    return { range, records };
  }

  #holds(source: string, key: string): boolean {
    const rows = this.#tables.from('events_rows', source, 0);
    return rows.some((row) => keyOfRow(row) === key);
  }
}

/** Its name without a generation. */
function logOf(source: string): string {
  return source.replace(/@\d+$/, '');
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
