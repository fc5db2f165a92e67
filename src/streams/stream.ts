import type { RecordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
import type { NativeColumn } from '../warehouse/native-block.ts';
import type { Reason } from './reasons.ts';
import type { Rules } from './rules.ts';

/**
 * What producers send on one kind of topic, and what is kept of it: everything that the processor must
 * know of a stream. One machinery serves all; a stream brings its schema, rules and fold.
 */
export interface Stream<State extends Folded = Folded> {
  readonly name: string;
  readonly schema: RecordSchema;
  readonly tables: StreamTables;
  /** The field that says whose record it is (`user_id`). With the day it names what is aggregated. */
  readonly entity: string;
  /** The field that identifies a record within its entity and day. */
  readonly id: string;
  /** The field that says when it happened. */
  readonly time: string;
  /** The fields that the fold reads: what is read back when a state is loaded. */
  readonly foldFields: readonly string[];
  /** A reader of the stream's records under the given rules. It keeps dictionaries: one per source. */
  interpreter(rules: Rules): Interpreter<State>;
}

export interface StreamTables {
  readonly accepted: string;
  readonly aggregates: string;
  readonly late: string;
  readonly rejected: string;
}

/** What is kept per entity and day. */
export interface Folded {
  /** Number of distinct records folded in. */
  events: number;
}

export interface Interpreter<State extends Folded> {
  /** Normalises the record in the slots in place; says which rule it breaks, if any. */
  check(slots: Slots): Reason | null;
  empty(): State;
  /** Folds in a record that was not folded before: from the log, or read back from the warehouse. */
  fold(state: State, slots: Slots): void;
  /** The aggregate table's columns of the state, new and empty. */
  columns(): readonly NativeColumn[];
  /** Appends a state as one row to columns that `columns` made. */
  write(state: State, columns: readonly NativeColumn[]): void;
  /** Reference rows that became known since the last call, to be stored with the batch. */
  takeListings(): Listing | null;
}

export interface Listing {
  readonly table: string;
  readonly rows: number;
  readonly pieces: readonly Uint8Array[];
}
