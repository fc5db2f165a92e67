import type { Unit } from '../fold/unit.ts';
import type { AggregateRows } from '../streams/stream.ts';
import { NativeBlock, nativeColumn } from './native-block.ts';

/** A block of per-entity-per-day rows, each whole: it replaces earlier versions of itself. */
export class AggregateBlock {
  readonly #day = nativeColumn('event_date', 'Date');
  readonly #bucket = nativeColumn('bucket', 'UInt8');
  readonly #entity;
  readonly #source = nativeColumn('source', 'String');
  readonly #version = nativeColumn('version', 'UInt64');
  readonly #rows: AggregateRows;
  readonly #block;
  readonly #epoch: number;

  /** `rows`: an empty set. `entity`: the name of the column that says whose row it is. */
  constructor(rows: AggregateRows, entity: string, epoch: number) {
    this.#epoch = epoch;
    this.#entity = nativeColumn(entity, 'String');
    this.#rows = rows;
    this.#block = new NativeBlock([
      this.#day,
      this.#bucket,
      this.#entity,
      this.#source,
      this.#version,
      ...this.#rows.columns,
    ]);
  }

  get rows(): number {
    return this.#block.rows;
  }

  /** The version is rules epoch · 2^32 + number of distinct records: more of the log always wins. */
  append(unit: Unit, entity: number, source: string): void {
    this.#block.rows++;
    this.#day.sinks[0]!.uint16(unit.day);
    this.#bucket.sinks[0]!.uint8(unit.bucket);
    this.#entity.sinks[0]!.byteString(unit.name(entity));
    this.#source.sinks[0]!.byteString(source);
    this.#version.sinks[0]!.words(unit.count(entity), this.#epoch);
    this.#rows.write(unit.read(entity));
  }

  pieces(): Buffer[] {
    return this.#block.pieces();
  }

  clear(): void {
    this.#block.clear();
  }
}
