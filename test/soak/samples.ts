/** In: processes and questions. Out: a row of figures every few seconds, and what was done in between. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sample {
  /** Seconds since the start. */
  readonly at: number;
  /** MiB resident of the largest processor. */
  readonly processor: number;
  /** MiB resident. */
  readonly clickhouse: number;
  /** Open file descriptors of the processor that has the most. */
  readonly descriptors: number;
  /** Active parts of all tables. */
  readonly parts: number;
  /** Records that are not stored yet. */
  readonly lag: number;
}

export interface Mark {
  readonly at: number;
  readonly what: string;
}

export interface SampleSources {
  readonly clickhousePid: number;
  readonly processorPids: () => readonly number[];
  readonly parts: () => Promise<number>;
  readonly lag: () => Promise<number>;
}

export class Samples {
  readonly rows: Sample[] = [];
  readonly marks: Mark[] = [];
  readonly #sources: SampleSources;
  readonly #started = performance.now();

  constructor(sources: SampleSources) {
    this.#sources = sources;
  }

  async run(everyMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { clickhousePid, processorPids, parts, lag } = this.#sources;
      const pids = processorPids();
      this.rows.push({
        at: this.#seconds(),
        processor: Math.max(0, ...pids.map(residentMiB)),
        clickhouse: residentMiB(clickhousePid),
        descriptors: Math.max(0, ...pids.map(openFiles)),
        parts: await parts(),
        lag: await lag(),
      });
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Something was done now. */
  mark(what: string): void {
    this.marks.push({ at: this.#seconds(), what });
    console.error(`${this.#seconds().toFixed(0)} s: ${what}`);
  }

  /** The first and last tenth and the largest of each figure. */
  table(): string {
    const names = ['processor', 'clickhouse', 'descriptors', 'parts', 'lag'] as const;
    const tenth = Math.max(1, Math.floor(this.rows.length / 10));
    const mean = (rows: readonly Sample[], name: (typeof names)[number]) =>
      (rows.reduce((sum, row) => sum + row[name], 0) / rows.length).toFixed(0);
    const lines = names.map((name) => {
      const most = Math.max(...this.rows.map((row) => row[name])).toFixed(0);
      return `| ${name} | ${mean(this.rows.slice(0, tenth), name)} | ${mean(this.rows.slice(-tenth), name)} | ${most} |`;
    });
    return ['| figure | first tenth | last tenth | most |', '|---|---|---|---|', ...lines].join(
      '\n',
    );
  }

  #seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }
}

/** 0 for a process that is gone. */
function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
