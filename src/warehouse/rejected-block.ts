import type { DeadLetter } from '../processor/ports.ts';
import { NativeBlock, nativeColumn } from './native-block.ts';

/** A block of refused records for `rejected_events`. */
export class RejectedBlock {
  readonly #columns = {
    stream: nativeColumn('stream', 'String'),
    source: nativeColumn('source', 'String'),
    offset: nativeColumn('offset', 'UInt64'),
    recordTime: nativeColumn('record_time', "Nullable(DateTime64(3, 'UTC'))", 2),
    outcome: nativeColumn('outcome', 'String'),
    reason: nativeColumn('reason', 'String'),
    key: nativeColumn('key', 'Nullable(String)', 2),
    bytes: nativeColumn('bytes', 'Nullable(String)', 2),
    fields: nativeColumn('fields', 'String'),
    epoch: nativeColumn('rules_epoch', 'UInt32'),
  };
  readonly #block = new NativeBlock(Object.values(this.#columns));
  readonly #epoch: number;

  /** `epoch`: of the rules that made the rows. */
  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  get rows(): number {
    return this.#block.rows;
  }

  get bytes(): number {
    return this.#block.bytes;
  }

  /** `fields`: the record's fields as JSON where it could be decoded, else ''. */
  append(letter: DeadLetter, fields: string): void {
    const columns = this.#columns;
    this.#block.rows++;
    columns.stream.sinks[0]!.text(letter.stream);
    columns.source.sinks[0]!.text(letter.source);
    columns.offset.sinks[0]!.int64(letter.offset);
    columns.recordTime.sinks[0]!.uint8(letter.time < 0 ? 1 : 0);
    columns.recordTime.sinks[1]!.int64(letter.time < 0 ? 0 : letter.time);
    columns.outcome.sinks[0]!.text(letter.outcome);
    columns.reason.sinks[0]!.text(letter.reason);
    for (const [column, value] of [
      [columns.key, letter.key],
      [columns.bytes, letter.value],
    ] as const) {
      column.sinks[0]!.uint8(value === null ? 1 : 0);
      column.sinks[1]!.string(value ?? NOTHING, 0, value?.length ?? 0);
    }
    columns.fields.sinks[0]!.text(fields);
    columns.epoch.sinks[0]!.uint32(this.#epoch);
  }

  pieces(): Buffer[] {
    return this.#block.pieces();
  }

  clear(): void {
    this.#block.clear();
  }
}

const NOTHING = Buffer.alloc(0);
