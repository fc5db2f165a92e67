/**
 * The port between whatever holds records in order (a Kafka partition, a file) and the processor.
 *
 * Records are walked in place: a cursor points into the bytes that were fetched, and no object is
 * made per record.
 */
export interface RecordCursor {
  /** Moves to the next record; false at the end. Fields below are valid only after true. */
  next(): boolean;
  /** Position in the source, ascending, not necessarily without holes. */
  readonly offset: number;
  /** Record time in milliseconds since 1970, or -1 when the record carries none. */
  readonly time: number;
  /** The buffer that the four positions below point into. */
  readonly bytes: Buffer;
  /** Start of the key, or -1 for a null key. */
  readonly keyStart: number;
  readonly keyEnd: number;
  /** Start of the value, or -1 for a null value (a tombstone). */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Why the source itself could not read this record (its bytes are then what it did read), or null. */
  readonly fault: SourceFault | null;
  /**
   * A checksum of all records before this one, where the source can tell (a file can, and may have been
   * changed anywhere); 0 elsewhere (a log of Kafka changes only as a whole).
   */
  readonly chain: number;
  /** Decodes the record's headers; for the cold path only. */
  headers(): readonly RecordHeader[];
}

export type SourceFault = 'batch_undecodable' | 'batch_too_large' | RowFaultCode;

/** Why a row of a file is no record: its form, or what one of its fields holds. */
export type RowFaultCode =
  | 'invalid_utf8'
  | 'wrong_number_of_cells'
  | 'not_json'
  | 'not_an_object'
  | `${string}_malformed`
  | `${string}_missing`
  | `${string}_out_of_range`;

export interface RecordHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** Records of one source in offset order, as they came in one fetch. */
export interface RecordBatch {
  /** A new walk over all records of the batch. */
  records(): RecordCursor;
  /** Where reading goes on after this batch: its last offset + 1, control records and holes included. */
  readonly nextOffset: number;
}

/** What a log holds when it is assigned: the offset of its first record, and the one after its last. */
export interface LogBounds {
  readonly first: number;
  readonly end: number;
}
