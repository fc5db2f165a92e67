/**
 * Time and order of a simulated world. In: a seed's draws. Out: which of all pending awaits goes on
 * next. The product awaits only its ports, and these await `step`, so one seed is one history.
 */
import { setImmediate as afterMicrotasks } from 'node:timers/promises';
import type { Clock } from '../../src/processor/ports.ts';
import type { Random } from './random.ts';

/** A simulated process. What a dead one awaits never goes on. */
export interface Process {
  readonly name: string;
  alive: boolean;
}

interface Pending {
  readonly owner: Process | null;
  readonly due: number;
  readonly label: string;
  readonly go: () => void;
}

export class Scheduler {
  readonly #random: Random;
  readonly #trace: (line: string) => void;
  #pending: Pending[] = [];
  #now: number;
  #steps = 0;

  constructor(random: Random, trace: (line: string) => void) {
    this.#random = random;
    this.#trace = trace;
    // After all that happens in the logs, or in the middle of it.
    this.#now = Date.UTC(2026, random.chance(0.8) ? 11 : 5, 1);
  }

  get now(): number {
    return this.#now;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Nobody who lives awaits anything. */
  get isIdle(): boolean {
    return this.#pending.every((pending) => pending.owner?.alive === false);
  }

  trace(line: string): void {
    this.#trace(line);
  }

  /** Resolves when its turn has come, at the earliest after `delay` ms; never when the owner died. */
  step(owner: Process | null, label: string, delay = 0): Promise<void> {
    return new Promise((resolve) => {
      this.#add({ owner, due: this.#now + delay, label, go: resolve });
    });
  }

  /** Does something when its turn has come, whoever has died by then. */
  later(label: string, delay: number, action: () => void): void {
    this.#add({ owner: null, due: this.#now + delay, label, go: action });
  }

  clock(owner: Process): Clock {
    return {
      now: () => Math.floor(this.#now),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const abort = (): void => {
            this.#pending = this.#pending.filter((other) => other !== pending);
            reject(signal?.reason as Error);
          };
          if (signal?.aborted === true) return reject(signal.reason as Error);
          const go = (): void => {
            signal?.removeEventListener('abort', abort);
            resolve();
          };
          const pending = { owner, due: this.#now + ms, label: 'sleep', go };
          this.#add(pending);
          signal?.addEventListener('abort', abort, { once: true });
        }),
    };
  }

  /** Lets the world run until `done`; throws when it stands still or never ends. */
  async run(done: () => boolean, limit: number): Promise<void> {
    const last = this.#steps + limit;
    for (;;) {
      await afterMicrotasks();
      if (done()) return;
      if (++this.#steps > last) throw new Error(`no end after ${limit} steps: ${this.#waiting()}`);
      const next = this.#take();
      if (next === undefined) throw new Error('the world stands still: nobody awaits a port');
      next.go();
    }
  }

  #add(pending: Pending): void {
    if (pending.owner?.alive === false) return;
    this.#pending.push(pending);
  }

  #take(): Pending | undefined {
    this.#pending = this.#pending.filter((pending) => pending.owner?.alive !== false);
    if (this.#pending.length === 0) return undefined;
    this.#now += this.#random.int(0, 3);
    let ready = this.#pending.filter((pending) => pending.due <= this.#now);
    if (ready.length === 0) {
      this.#now = Math.min(...this.#pending.map((pending) => pending.due));
      ready = this.#pending.filter((pending) => pending.due <= this.#now);
    }
    const next = this.#random.pick(ready);
    this.#pending.splice(this.#pending.indexOf(next), 1);
    this.#trace(`${this.#steps} ${next.owner?.name ?? 'world'}: ${next.label}`);
    return next;
  }

  #waiting(): string {
    const labels = this.#pending.map((one) => `${one.owner?.name ?? 'world'} ${one.label}`);
    return labels.slice(0, 10).join(', ');
  }
}
