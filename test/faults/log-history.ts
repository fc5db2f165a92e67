/**
 * What was ever in the logs of a topic. In: looks at it before something is removed. Out: each source's
 * whole log, for the model.
 */
import type { LogRecord } from '../simulation/log.ts';
import type { SkippedRange } from '../simulation/model.ts';
import type { KafkaSide } from '../integration/world.ts';
import type { SourceLog } from './expected.ts';
import { readLog } from './read-log.ts';

interface Generation {
  readonly number: number;
  readonly records: Map<number, LogRecord>;
  readonly skipped: SkippedRange[];
  end: number;
}

export class LogHistory {
  readonly #kafka: KafkaSide;
  readonly #topic: string;
  readonly #partitions = new Map<number, Generation[]>();

  constructor(kafka: KafkaSide, topic: string) {
    this.#kafka = kafka;
    this.#topic = topic;
  }

  /** Reads what is in the topic now. */
  async look(): Promise<void> {
    for (const { partition, records, end } of await readLog(this.#kafka, this.#topic)) {
      const generation = this.#newest(partition);
      generation.end = end;
      for (const record of records) generation.records.set(record.offset, record);
    }
  }

  /** From here on, the topic is another one of the same name. */
  recreated(): void {
    for (const generations of this.#partitions.values()) {
      generations.push(fresh(generations.length + 1));
    }
  }

  /** Records of a partition from one offset up to another are gone, and nobody had read them. */
  skipped(partition: number, first: number, end: number): void {
    this.#newest(partition).skipped.push({ first, end, counted: true, kept: new Map() });
  }

  logs(): SourceLog[] {
    return [...this.#partitions].flatMap(([partition, generations]) => {
      const logs: SourceLog[] = [];
      for (const { number, records, skipped, end } of generations) {
        // Nothing is written about a log that never had a record.
        if (end === 0) continue;
        const name = `${this.#topic}/${partition}`;
        logs.push({
          source: number === 1 ? name : `${name}@${number}`,
          records: [...records.values()].sort((a, b) => a.offset - b.offset),
          end,
          skipped,
          before: logs.at(-1) ?? null,
        });
      }
      return logs;
    });
  }

  #newest(partition: number): Generation {
    const generations = this.#partitions.get(partition) ?? [fresh(1)];
    this.#partitions.set(partition, generations);
    return generations.at(-1)!;
  }
}

function fresh(number: number): Generation {
  return { number, records: new Map(), skipped: [], end: 0 };
}
