import type { LogBounds, RecordBatch } from '../source.ts';

/**
 * What the Kafka driver needs of whoever processes one partition. In: the batches of the partition,
 * in order, from the offset that `start` asked for. Out: nothing but the two callbacks of the factory.
 */
export interface PartitionProcessor {
  /** Says which offset to read from. The driver seeks there. The bounds are to be asked for as late as possible. */
  start(readBounds: () => Promise<LogBounds>): Promise<number>;
  /** Resolves when the next batch may be given; rejects when the assignment is dead. */
  push(batch: RecordBatch): Promise<void>;
  /** Resolves when everything that was pushed is stored. */
  settle(): Promise<void>;
  /** Drops whatever is not yet being written. Calls no callback any more. */
  abandon(): void;
}

/** One partition, as a log: `name` is `topic/partition`. */
export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
}

export interface PartitionCallbacks {
  /** Everything before this offset is stored: it is committed to Kafka soon. */
  onCommitted(nextOffset: number): void;
  /** The processor is dead; the driver makes a new one after a pause. */
  onFailure(error: unknown): void;
}

export type PartitionProcessorFactory = (
  log: PartitionLog,
  callbacks: PartitionCallbacks,
) => PartitionProcessor;
