/** What the HTTP side asks of the consumer: one entry per partition that this process reads now. */
export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last record of the log, as far as known. */
  readonly end: number | null;
  /** The offset after the last record that was taken from the log; null before reading began. */
  readonly position: number | null;
  /** Everything before this offset is stored; null before reading began. */
  readonly committed: number | null;
  /** Since when records are fetched, milliseconds since 1970; null or left out when it is not known. */
  readonly readingSince?: number | null;
  /** When the broker last answered a fetch, milliseconds since 1970; null before the first time. */
  readonly lastFetchAt: number | null;
}

export function logName({ topic, partition }: PartitionState): string {
  return `${topic}/${partition}`;
}
