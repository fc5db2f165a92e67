import type { RecordHeader } from '../sources/source.ts';

/** Time as the processor sees it; a simulation brings its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A record that was refused, as it goes to the dead-letter topic: its original bytes and where they came from. */
export interface DeadLetter {
  readonly stream: string;
  readonly source: string;
  readonly offset: number;
  /** Milliseconds since 1970, or -1 when the record carries none. */
  readonly time: number;
  readonly outcome: 'invalid' | 'future';
  readonly reason: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** Where refused records are sent besides the table `rejected_events`. At least once. */
export interface DeadLetterQueue {
  send(letters: readonly DeadLetter[]): Promise<void>;
}

/** Where writer schemas come from. */
export interface SchemaRegistry {
  /**
   * The Avro schema (JSON text) that has this id, or undefined when the registry knows no such id.
   * Rejects when the registry cannot be asked; the caller then waits and asks again.
   */
  schema(id: number): Promise<string | undefined>;
}
