/**
 * The offsets that groups have committed. In: commits. Out: the last one of each group and partition;
 * a file of one line each, appended to before a commit is acknowledged and rewritten when it has grown.
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface Committed {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string | null;
}

/** What stands in the file: a commit, or that those of a group or a topic are gone. */
type Line =
  Committed | { readonly forgotten: { readonly group?: string; readonly topic?: string } };

const REWRITE_EVERY = 20_000;

export class CommittedOffsets {
  readonly #path: string;
  readonly #byGroup = new Map<string, Map<string, Committed>>();
  #appended = 0;
  /** Whether the file may end with half a line, because it could not be written. */
  #isTorn = false;

  constructor(path: string) {
    this.#path = path;
    for (const line of readLines(path)) this.#apply(line);
    this.#rewrite();
  }

  commit(commits: readonly Committed[]): void {
    if (commits.length > 0) this.#append(commits);
  }

  get(group: string, topic: string, partition: number): Committed | undefined {
    return this.#byGroup.get(group)?.get(keyOf(topic, partition));
  }

  ofGroup(group: string): Committed[] {
    return [...(this.#byGroup.get(group)?.values() ?? [])];
  }

  groups(): string[] {
    return [...this.#byGroup.keys()];
  }

  forget(what: { readonly group?: string; readonly topic?: string }): void {
    this.#append([{ forgotten: what }]);
  }

  #append(lines: readonly Line[]): void {
    if (this.#isTorn) this.#rewrite();
    this.#isTorn = true;
    appendFileSync(this.#path, asText(lines));
    this.#isTorn = false;
    for (const line of lines) this.#apply(line);
    this.#appended += lines.length;
    if (this.#appended > REWRITE_EVERY) this.#rewrite();
  }

  #apply(line: Line): void {
    if ('forgotten' in line) {
      const { group, topic } = line.forgotten;
      if (group !== undefined) this.#byGroup.delete(group);
      for (const offsets of this.#byGroup.values()) {
        for (const [key, committed] of offsets) if (committed.topic === topic) offsets.delete(key);
      }
      return;
    }
    let offsets = this.#byGroup.get(line.group);
    if (offsets === undefined)
      this.#byGroup.set(line.group, (offsets = new Map<string, Committed>()));
    offsets.set(keyOf(line.topic, line.partition), line);
  }

  #rewrite(): void {
    const all = [...this.#byGroup.values()].flatMap((offsets) => [...offsets.values()]);
    writeFileSync(`${this.#path}.draft`, asText(all));
    renameSync(`${this.#path}.draft`, this.#path);
    this.#appended = 0;
    this.#isTorn = false;
  }
}

const keyOf = (topic: string, partition: number) => `${topic}/${partition}`;

const asText = (lines: readonly Line[]) =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function readLines(path: string): Line[] {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  // What follows the last line break was never acknowledged.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}
