/**
 * The port to the warehouse, as the processor needs it. The ClickHouse behind it is
 * `clickhouse-store.ts`; the simulation puts an unreliable one in memory in its place.
 */
export interface Store {
  /**
   * The progress of the newest generation of a log: of all lines of `stream` whose source is `log`
   * or `log@N`, those with the highest N, and of them the one with the highest (rulesEpoch, nextOffset).
   */
  readProgress(stream: string, log: string): Promise<ProgressLine | undefined>;
  /** Stores lines; a line never replaces one of its source with a higher (rulesEpoch, nextOffset). */
  writeProgress(lines: readonly ProgressLine[]): Promise<void>;
  /** Appends blocks in ClickHouse's Native format. Resolves once they are stored. */
  insert(table: string, blocks: readonly Uint8Array[]): Promise<void>;
  /** Rows of accepted events, as RowBinary with the columns in the order of `columns`; rows in any order. */
  readAccepted(query: AcceptedQuery): Promise<Buffer>;
  /**
   * The records, as RowBinary of `query.columns`, that sources other than `query.source` have accepted
   * on these days and in these buckets, without those (by day, entity and id) that `query.source` holds
   * itself at or after `query.before`.
   */
  readAcceptedElsewhere(query: AcceptedQuery): Promise<Buffer>;
  /** The entities and days of which a table of accepted rows has rows in the range. */
  readOutdated(table: string, range: OutdatedRange): Promise<readonly OutdatedEntityDay[]>;
  /** Removes the rows in the range from tables. */
  removeOutdated(tables: RecordTables, range: OutdatedRange): Promise<void>;
  /**
   * What a source has stored of the records in the range, each record once, in any order: all that a
   * process has left that died before it had written its line.
   */
  readAhead(tables: RecordTables, range: AheadRange): Promise<readonly StoredRecord[]>;
}

/** Where a stream's records are stored, one row each, by what became of them. */
export interface RecordTables {
  readonly accepted: string;
  /** null where nothing is late. */
  readonly late: string | null;
  /** Of all streams. */
  readonly rejected: string;
}

/**
 * What a source has stored at or after an offset under rules older than an epoch. Rows of that epoch
 * are another process's, perhaps with a line of their own by now: they are not in the range.
 */
export interface OutdatedRange {
  readonly stream: string;
  readonly source: string;
  readonly offset: number;
  readonly beforeEpoch: number;
}

/** What a source has stored from an offset on, up to another one, which is not in the range. */
export interface AheadRange {
  readonly stream: string;
  readonly source: string;
  readonly offset: number;
  readonly before: number;
}

/** What became of a record, as its row says. */
export type StoredRecord = StoredEvent | StoredRefusal;

export interface StoredEvent extends OutdatedEntityDay {
  readonly outcome: 'accepted' | 'late';
  readonly offset: number;
  /** What identifies the record within its entity and day, as its bytes. */
  readonly id: Buffer;
}

export interface StoredRefusal {
  readonly outcome: 'future' | 'invalid';
  readonly offset: number;
  readonly reason: string;
  /** CRC-32 of its value; 0 for a record without one. */
  readonly checksum: number;
}

/** Which accepted rows of one source to read: those of some days and some buckets, below an offset. */
export interface AcceptedQuery {
  readonly table: string;
  readonly source: string;
  /** Days since 1970-01-01. */
  readonly days: readonly number[];
  readonly buckets: readonly number[];
  /** Only rows whose offset is lower. */
  readonly before: number;
  readonly columns: readonly string[];
}

export interface OutdatedEntityDay {
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly bucket: number;
  /** The entity's identity (`user_id`), as its bytes. */
  readonly entity: Buffer;
}

/**
 * Where the processing of one source is, and what became of its records so far. It is a function of
 * the log up to `nextOffset` and the rules, and it is written only after the rows it covers.
 */
export interface ProgressLine {
  readonly stream: string;
  /** `topic/partition`, `topic/partition@N` for the N-th log under that name, `file:NAME`. */
  readonly source: string;
  readonly nextOffset: number;
  /** Largest accepted event time, microseconds since 1970; null before the first accepted event. */
  readonly watermark: number | null;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly future: number;
  readonly invalid: number;
  /** Records that the log had dropped before they were read, as a count of offsets. */
  readonly skipped: number;
  /** The offset from which the counts above count. */
  readonly countedFrom: number;
  /** Offset, time (ms) and checksum of the last record that was read; null before the first. */
  readonly lastOffset: number | null;
  readonly lastRecordTime: number | null;
  readonly lastChecksum: number | null;
  readonly rulesEpoch: number;
}
