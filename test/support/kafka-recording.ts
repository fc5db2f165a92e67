/**
 * A processor that keeps in memory what it is given. Its lines and records outlive the assignments,
 * as a warehouse would; `pushed` has every hand-over, repeats included.
 */
import type {
  PartitionCallbacks,
  PartitionLog,
  PartitionProcessor,
  PartitionProcessorFactory,
} from '../../src/sources/kafka/partition-processor.ts';
import type { LogBounds, RecordBatch, SourceFault } from '../../src/sources/source.ts';

export interface KeptRecord {
  readonly source: string;
  readonly offset: number;
  readonly time: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly fault: SourceFault | null;
  readonly headers: Readonly<Record<string, string | null>>;
}

export class Recording {
  readonly lines = new Map<string, number>();
  readonly stored = new Map<string, KeptRecord>();
  readonly pushed: KeptRecord[] = [];
  readonly starts: { readonly source: string; readonly bounds: LogBounds }[] = [];
  /** Awaited in every push, before anything is stored. */
  beforeStore: (log: PartitionLog) => Promise<void> = async () => {};
  /** Awaited in every push, after it has been stored. */
  afterStore: (log: PartitionLog) => Promise<void> = async () => {};

  readonly factory: PartitionProcessorFactory = (log, callbacks) =>
    new RecordingProcessor(this, log, callbacks);

  values(): string[] {
    return [...this.stored.values()].map(({ value }) => value ?? '(null)').sort();
  }
}

class RecordingProcessor implements PartitionProcessor {
  readonly #recording: Recording;
  readonly #log: PartitionLog;
  readonly #callbacks: PartitionCallbacks;
  #position = 0;
  #last: Promise<void> = Promise.resolve();
  #abandoned = false;

  constructor(recording: Recording, log: PartitionLog, callbacks: PartitionCallbacks) {
    this.#recording = recording;
    this.#log = log;
    this.#callbacks = callbacks;
  }

  async start(readBounds: () => Promise<LogBounds>): Promise<number> {
    const bounds = await readBounds();
    const { lines, starts } = this.#recording;
    starts.push({ source: this.#log.name, bounds });
    const line = lines.get(this.#log.name) ?? bounds.first;
    this.#position = line < bounds.first || line > bounds.end ? bounds.first : line;
    return this.#position;
  }

  push(batch: RecordBatch): Promise<void> {
    this.#last = this.#store(batch);
    return this.#last;
  }

  async settle(): Promise<void> {
    await this.#last;
  }

  abandon(): void {
    this.#abandoned = true;
  }

  async #store(batch: RecordBatch): Promise<void> {
    const source = this.#log.name;
    const records: KeptRecord[] = [];
    const cursor = batch.records();
    while (cursor.next()) {
      if (cursor.offset < this.#position) continue;
      const { bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
      records.push({
        source,
        offset: cursor.offset,
        time: cursor.time,
        key: keyStart < 0 ? null : bytes.toString('utf8', keyStart, keyEnd),
        value: valueStart < 0 ? null : bytes.toString('utf8', valueStart, valueEnd),
        fault: cursor.fault,
        headers: Object.fromEntries(
          cursor.headers().map(({ key, value }) => [key, value?.toString() ?? null]),
        ),
      });
    }
    this.#recording.pushed.push(...records);
    await this.#recording.beforeStore(this.#log);
    if (this.#abandoned) throw new Error('abandoned');
    this.#position = batch.nextOffset;
    for (const record of records) this.#recording.stored.set(`${source}/${record.offset}`, record);
    this.#recording.lines.set(source, batch.nextOffset);
    this.#callbacks.onCommitted(batch.nextOffset);
    await this.#recording.afterStore(this.#log);
  }
}
