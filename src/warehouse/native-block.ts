import { ByteSink } from './byte-sink.ts';

/** One column of a block: its name and type as ClickHouse spells them. */
export interface NativeColumn {
  readonly name: string;
  readonly type: string;
  /**
   * The streams in which Native stores this column, in order: one for plain values; null map and values
   * for Nullable; offsets and then the elements' streams for Array and Map; one after the other for Tuple.
   */
  readonly sinks: readonly ByteSink[];
}

/** A block in ClickHouse's Native format, built column by column. */
export class NativeBlock {
  readonly columns: readonly NativeColumn[];
  rows = 0;

  constructor(columns: readonly NativeColumn[]) {
    this.columns = columns;
  }

  /** Bytes held in all columns. */
  get bytes(): number {
    let bytes = 0;
    for (const { sinks } of this.columns) for (const sink of sinks) bytes += sink.length;
    return bytes;
  }

  /**
   * The block as byte pieces that share the columns' memory: valid until `clear` or the next write.
   * Columns in `omitted` are left out; the server fills them with their types' defaults.
   */
  pieces(omitted: ReadonlySet<NativeColumn> = new Set()): Buffer[] {
    if (this.rows === 0) return [];
    const header = new ByteSink(64);
    header.varint(this.columns.length - omitted.size);
    header.varint(this.rows);
    const pieces = header.pieces();
    for (const column of this.columns) {
      if (omitted.has(column)) continue;
      const head = new ByteSink(64);
      head.text(column.name);
      head.text(column.type);
      pieces.push(...head.pieces(), ...column.sinks.flatMap((sink) => sink.pieces()));
    }
    return pieces;
  }

  clear(): void {
    this.rows = 0;
    for (const { sinks } of this.columns) for (const sink of sinks) sink.clear();
  }
}

/** `streams`: how many streams the type has in Native. */
export function nativeColumn(name: string, type: string, streams = 1): NativeColumn {
  return { name, type, sinks: Array.from({ length: streams }, () => new ByteSink()) };
}
