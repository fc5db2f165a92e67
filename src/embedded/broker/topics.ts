/**
 * The topics of the broker. In: its folder. Out: topics by name, their partitions' logs open. Which
 * topics there are stands in one file that is replaced as a whole; each topic's logs are in a folder
 * of their own, so that a topic made anew under an old name never meets the old one's records.
 */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';
import { PartitionLog } from './partition-log.ts';

export interface Topic {
  readonly name: string;
  /** Largest batch in bytes, as Kafka's `max.message.bytes`. */
  readonly maxBatchBytes: number;
  readonly partitions: readonly PartitionLog[];
}

interface TopicEntry {
  readonly name: string;
  /** The name of its folder. */
  readonly id: number;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Raised whenever an older broker could no longer read what this one writes. */
const FORMAT = 1;
export const DEFAULT_PARTITIONS = 4;
const MAX_PARTITIONS = 10_000;
const DEFAULT_MAX_BATCH_BYTES = 1_048_588;

export class Topics {
  readonly #folder: string;
  readonly #topics = new Map<string, { entry: TopicEntry; logs: PartitionLog[] }>();
  #nextId = 1;

  /** Throws when the folder was written by a newer version. */
  constructor(folder: string) {
    this.#folder = folder;
    const { entries, nextId } = readEntries(join(folder, 'topics.json'));
    this.#nextId = nextId;
    mkdirSync(join(folder, 'logs'), { recursive: true });
    const known = new Set(entries.map(({ id }) => String(id)));
    for (const name of readdirSync(join(folder, 'logs'))) {
      // Of a topic whose making or deletion was cut short.
      if (!known.has(name)) rmSync(join(folder, 'logs', name), { recursive: true });
    }
    for (const entry of entries) this.#topics.set(entry.name, { entry, logs: this.#open(entry) });
  }

  all(): Topic[] {
    return [...this.#topics.keys()].map((name) => this.get(name)!);
  }

  get(name: string): Topic | undefined {
    const found = this.#topics.get(name);
    if (found === undefined) return undefined;
    const configured = Number(found.entry.config['max.message.bytes']);
    const maxBatchBytes = configured > 0 ? configured : DEFAULT_MAX_BATCH_BYTES;
    return { name, maxBatchBytes, partitions: found.logs };
  }

  partition(name: string, partition: number): PartitionLog | undefined {
    return this.#topics.get(name)?.logs[partition];
  }

  /** @param partitions -1 for the default */
  create(
    name: string,
    partitions = DEFAULT_PARTITIONS,
    config: Readonly<Record<string, string>> = {},
    { dryRun = false } = {},
  ): Code {
    if (!/^[A-Za-z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
      return CODE.invalidTopic;
    }
    if (this.#topics.has(name)) return CODE.topicAlreadyExists;
    const count = partitions === -1 ? DEFAULT_PARTITIONS : partitions;
    if (count < 1 || count > MAX_PARTITIONS) return CODE.invalidPartitions;
    if (dryRun) return CODE.none;
    const entry = { name, id: this.#nextId++, partitions: count, config };
    this.#topics.set(name, { entry, logs: this.#open(entry) });
    this.#save();
    return CODE.none;
  }

  /** @param count of all partitions, the new ones included */
  addPartitions(name: string, count: number, { dryRun = false } = {}): Code {
    const found = this.#topics.get(name);
    if (found === undefined) return CODE.unknownTopicOrPartition;
    if (count <= found.entry.partitions || count > MAX_PARTITIONS) return CODE.invalidPartitions;
    if (dryRun) return CODE.none;
    found.entry = { ...found.entry, partitions: count };
    for (let partition = found.logs.length; partition < count; partition++) {
      found.logs.push(new PartitionLog(this.#logPath(found.entry, partition)));
    }
    this.#save();
    return CODE.none;
  }

  delete(name: string): Code {
    const found = this.#topics.get(name);
    if (found === undefined) return CODE.unknownTopicOrPartition;
    this.#topics.delete(name);
    this.#save();
    for (const log of found.logs) log.close();
    rmSync(join(this.#folder, 'logs', String(found.entry.id)), { recursive: true });
    return CODE.none;
  }

  #open(entry: TopicEntry): PartitionLog[] {
    mkdirSync(join(this.#folder, 'logs', String(entry.id)), { recursive: true });
    return Array.from(
      { length: entry.partitions },
      (_, partition) => new PartitionLog(this.#logPath(entry, partition)),
    );
  }

  #logPath({ id }: TopicEntry, partition: number): string {
    return join(this.#folder, 'logs', String(id), `${partition}.log`);
  }

  #save(): void {
    const topics = [...this.#topics.values()].map(({ entry }) => entry);
    const path = join(this.#folder, 'topics.json');
    const content = { format: FORMAT, nextId: this.#nextId, topics };
    writeFileSync(`${path}.draft`, `${JSON.stringify(content, null, 2)}\n`);
    renameSync(`${path}.draft`, path);
  }
}

function readEntries(path: string): { entries: readonly TopicEntry[]; nextId: number } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { entries: [], nextId: 1 };
    }
    throw error;
  }
  const content = JSON.parse(text) as {
    readonly format: number;
    readonly nextId: number;
    readonly topics: readonly TopicEntry[];
  };
  if (content.format > FORMAT) {
    throw new Error(
      `${path} was written by a newer version (format ${content.format}, this one knows ${FORMAT}): ` +
        'use that version, or another data folder',
    );
  }
  return { entries: content.topics, nextId: content.nextId };
}
