import type { RecordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';
import type { EntityDay, FactWriter } from '../fold/unit.ts';
import type { NativeColumn } from '../warehouse/native-block.ts';
import type { Reason } from './reasons.ts';
import type { PersonField, Rules } from './rules.ts';

/**
 * What producers send on one kind of topic, and what is kept of it: everything that the processor must
 * know of a stream. One machinery serves all; a stream brings its schema, rules and fold.
 */
export interface Stream {
  readonly name: string;
  readonly schema: RecordSchema;
  /** What is kept of a record: the schema's fields in their order, and then those derived from them. */
  readonly stored: RecordSchema;
  readonly tables: StreamTables;
  /** The field that says whose record it is (`user_id`). With the day it names what is aggregated. */
  readonly entity: string;
  /** The stored field that identifies a record within its entity and day. */
  readonly id: string;
  /** The field that says when it happened. */
  readonly time: string;
  /** The fields that the fold reads: what is read back when a unit is loaded. */
  readonly foldFields: readonly string[];
  /** The field that names a person, who may have to be forgotten; undefined: there is none. */
  readonly person?: PersonField | undefined;
  /** Whether accepted records of earlier days than `eventsFrom` of the rules are not kept. */
  readonly expires?: boolean;
  /** A reader of the stream's records under the given rules. It keeps dictionaries: one per source. */
  interpreter(rules: Rules): Interpreter;
}

export interface StreamTables {
  readonly accepted: string;
  readonly rejected: string;
  /** One row per entity and day; null: nothing is aggregated. */
  readonly aggregates: string | null;
  /** Records behind the lookback; null: there is none, a record may be as old as it likes. */
  readonly late: string | null;
}

export interface Interpreter {
  /** How many numbers a record is reduced to; the first one is its time. */
  readonly stride: number;
  /** Normalises the record in the slots in place and adds the derived fields; says which rule it breaks, if any. */
  check(slots: Slots): Reason | null;
  /** Makes a record of one without a value, which removes what its key names; or says why not. */
  checkRemoval(slots: Slots, record: KeyAndTime): Reason | null;
  /**
   * Reduces a record, from the log or read back from the warehouse, to the numbers that its day's
   * aggregate is made of: writes them from `facts[at]` on.
   */
  reduce(slots: Slots, into: FactWriter, at: number): void;
  /** A new, empty set of rows of the aggregate table; null where there is none. */
  rows(): AggregateRows | null;
  /** Reference rows that became known since the last call, to be stored with the batch. */
  takeListings(): Listing | null;
}

/** A record as it lies in its log: -1 as `keyStart` is a null key, as `time` (milliseconds since 1970) none. */
export interface KeyAndTime {
  readonly bytes: Buffer;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly time: number;
}

/** Rows of the aggregate table: the columns that depend on the records. */
export interface AggregateRows {
  readonly columns: readonly NativeColumn[];
  /** Appends the aggregate of an entity's day, a function of its distinct records, as one row. */
  write(day: EntityDay): void;
}

export interface Listing {
  readonly table: string;
  readonly rows: number;
  readonly pieces: readonly Uint8Array[];
}
