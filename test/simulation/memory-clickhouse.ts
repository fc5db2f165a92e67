/**
 * The store as one simulated process reaches it: over an unreliable network. In: the port's calls.
 * Out: changes of the tables, whole, in part, late, or none. It also watches that bytes given to an
 * insert stay as they were until its end.
 */
import type {
  AcceptedQuery,
  AheadRange,
  ProgressLine,
  OutdatedEntityDay,
  OutdatedRange,
  RecordTables,
  Store,
  StoredRecord,
} from '../../src/warehouse/store.ts';
import type { Network } from './faults.ts';
import { outdatedEntityDay, storedRecords } from './memory-tables.ts';
import type { MemoryTables } from './memory-tables.ts';
import { writeRowBinary } from './native-reader.ts';
import type { Row } from './native-reader.ts';
import type { Random } from './random.ts';
import type { Process } from './scheduler.ts';

export interface StoreWatch {
  /** A line was stored: now everything it covers must be there. */
  lineStored(line: ProgressLine, process: Process): void;
  /** Rows were stored. */
  rowsStored(table: string, rows: readonly Row[], process: Process): void;
  /** Something that must never happen. */
  violated(what: string): void;
}

export class MemoryStore implements Store {
  readonly #tables: MemoryTables;
  readonly #network: Network;
  readonly process: Process;
  readonly #watch: StoreWatch;

  constructor(tables: MemoryTables, network: Network, process: Process, watch: StoreWatch) {
    this.#tables = tables;
    this.#network = network;
    this.process = process;
    this.#watch = watch;
  }

  readProgress(stream: string, log: string): Promise<ProgressLine | undefined> {
    const answer = (): ProgressLine | undefined => this.#tables.newestLine(stream, log);
    return this.#network.ask(this.process, `read line ${log}`, answer);
  }

  writeProgress(lines: readonly ProgressLine[]): Promise<void> {
    const copies = lines.map((line) => ({ ...line }));
    const put = (some: readonly ProgressLine[]): void => {
      for (const line of some) {
        this.#tables.putLine(line);
        this.#watch.lineStored(line, this.process);
      }
    };
    const label = `write line ${copies.map((line) => `${line.source}:${line.nextOffset}`).join(' ')}`;
    return this.#network.apply(
      this.process,
      label,
      () => put(copies),
      (random) => put(copies.filter(() => random.chance(0.5))),
    );
  }

  async insert(table: string, blocks: readonly Uint8Array[]): Promise<void> {
    const sent = Buffer.concat(blocks);
    const parsed = this.#parse(table, sent);
    const label = `insert ${parsed.flat().length} rows into ${table}`;
    try {
      await this.#network.apply(
        this.process,
        label,
        () => this.#put(table, parsed.flat()),
        (random) => this.#put(table, partOf(parsed, random)),
      );
    } finally {
      if (!Buffer.concat(blocks).equals(sent)) {
        this.#watch.violated(`bytes of an insert into ${table} changed while it was under way`);
      }
    }
  }

  readAccepted(query: AcceptedQuery): Promise<Buffer> {
    const columns = this.#tables.shapes[query.table]?.columns ?? {};
    const answer = (): Buffer =>
      Buffer.concat(
        this.#unit(query)
          .filter((row) => row['source'] === query.source && Number(row['offset']) < query.before)
          .flatMap((row) =>
            query.columns.map((name) => writeRowBinary(columns[name] ?? '', row[name] ?? null)),
          ),
      );
    return this.#network.ask(
      this.process,
      `load days ${query.days.join(', ')} of ${query.source}`,
      answer,
    );
  }

  readAcceptedElsewhere(query: AcceptedQuery): Promise<Buffer> {
    const columns = this.#tables.shapes[query.table]?.columns ?? {};
    const written = (row: Row): Buffer =>
      Buffer.concat(
        query.columns.map((name) => writeRowBinary(columns[name] ?? '', row[name] ?? null)),
      );
    const name = (row: Row): string =>
      JSON.stringify([row['event_date'], row['user_id'], row['event_id']]);
    const answer = (): Buffer => {
      const unit = this.#unit(query);
      const own = unit.filter((row) => row['source'] === query.source);
      const ownLater = new Set(
        own.filter((row) => Number(row['offset']) >= query.before).map(name),
      );
      const others = unit.filter((row) => row['source'] !== query.source);
      return Buffer.concat(others.filter((row) => !ownLater.has(name(row))).map(written));
    };
    return this.#network.ask(
      this.process,
      `load days ${query.days.join(', ')} of other sources`,
      answer,
    );
  }

  readOutdated(table: string, range: OutdatedRange): Promise<readonly OutdatedEntityDay[]> {
    const answer = (): OutdatedEntityDay[] => {
      const rows = this.#outdated(table, range);
      const key = (row: Row): string => `${String(row['event_date'])} ${String(row['user_id'])}`;
      return [...new Map(rows.map((row) => [key(row), row])).values()].map(outdatedEntityDay);
    };
    return this.#network.ask(this.process, `look for outdated rows of ${range.source}`, answer);
  }

  removeOutdated(tables: RecordTables, range: OutdatedRange): Promise<void> {
    const { accepted, late, rejected } = tables;
    const names = [accepted, rejected, ...(late === null ? [] : [late])];
    // However late it takes effect, a removal touches only what was there when it was asked for.
    const doomed = names.map((table) => this.#outdated(table, range));
    const remove = (some: readonly string[]): void => {
      for (const table of some) this.#tables.remove(table, doomed[names.indexOf(table)] ?? []);
    };
    return this.#network.apply(
      this.process,
      `remove outdated rows of ${range.source} from ${range.offset}`,
      () => remove(names),
      (random) => remove(names.filter(() => random.chance(0.5))),
    );
  }

  readAhead(tables: RecordTables, range: AheadRange): Promise<readonly StoredRecord[]> {
    const answer = (): StoredRecord[] => storedRecords(this.#tables, tables, range);
    return this.#network.ask(this.process, `look for rows of ${range.source} ahead`, answer);
  }

  #put(table: string, rows: readonly Row[]): void {
    this.#tables.put(table, rows);
    this.#watch.rowsStored(table, rows, this.process);
  }

  #outdated(table: string, { source, offset, beforeEpoch }: OutdatedRange): Row[] {
    const rows = this.#tables.from(table, source, offset);
    return rows.filter((row) => Number(row['rules_epoch']) < beforeEpoch);
  }

  #unit(query: AcceptedQuery): Row[] {
    return this.#tables
      .rows(query.table)
      .filter(
        (row) =>
          query.days.includes(Number(row['event_date'])) &&
          query.buckets.includes(Number(row['bucket'])),
      );
  }

  #parse(table: string, bytes: Buffer): Row[][] {
    try {
      return this.#tables.parse(table, bytes);
    } catch (error) {
      this.#watch.violated(`insert into ${table}: ${(error as Error).message}`);
      throw error;
    }
  }
}

/** Whole blocks, then of one block the rows of some months: what a failed insert leaves behind. */
function partOf(blocks: readonly Row[][], random: Random): Row[] {
  const whole = random.int(0, blocks.length - 1);
  const broken = blocks[whole] ?? [];
  const months = new Set(
    broken.map((row) => monthOf(Number(row['event_date'] ?? 0))).filter(() => random.chance(0.5)),
  );
  const rows = broken.filter((row) => months.has(monthOf(Number(row['event_date'] ?? 0))));
  return [...blocks.slice(0, whole).flat(), ...rows];
}

function monthOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 7);
}
