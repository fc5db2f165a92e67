import type { Folded, Interpreter } from '../streams/stream.ts';
import { NativeBlock, nativeColumn } from './native-block.ts';

/** A block of per-entity-per-day rows, each a whole state that replaces earlier versions of itself. */
export class AggregateBlock<State extends Folded> {
  readonly #day = nativeColumn('event_date', 'Date');
  readonly #bucket = nativeColumn('bucket', 'UInt8');
  readonly #entity;
  readonly #source = nativeColumn('source', 'String');
  readonly #version = nativeColumn('version', 'UInt64');
  readonly #state;
  readonly #block;
  readonly #interpreter: Interpreter<State>;
  readonly #epoch: number;

  /** `entity`: the name of the column that says whose row it is. */
  constructor(interpreter: Interpreter<State>, entity: string, epoch: number) {
    this.#interpreter = interpreter;
    this.#epoch = epoch;
    this.#entity = nativeColumn(entity, 'String');
    this.#state = interpreter.columns();
    this.#block = new NativeBlock([
      this.#day,
      this.#bucket,
      this.#entity,
      this.#source,
      this.#version,
      ...this.#state,
    ]);
  }

  get rows(): number {
    return this.#block.rows;
  }

  /** The version is rules epoch · 2^32 + number of distinct records: more of the log always wins. */
  append(day: number, bucket: number, entity: string, source: string, state: State): void {
    this.#block.rows++;
    this.#day.sinks[0]!.uint16(day);
    this.#bucket.sinks[0]!.uint8(bucket);
    this.#entity.sinks[0]!.byteString(entity);
    this.#source.sinks[0]!.byteString(source);
    this.#version.sinks[0]!.words(state.events, this.#epoch);
    this.#interpreter.write(state, this.#state);
  }

  pieces(): Buffer[] {
    return this.#block.pieces();
  }

  clear(): void {
    this.#block.clear();
  }
}
