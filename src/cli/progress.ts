/** In: how far something is. Out: a line that renews itself on a terminal, a plain line now and then elsewhere. */
import type { Invocation } from './invocation.ts';

export interface Step {
  /** Rows done so far. */
  readonly rows: number;
  /** From 0 to 1, where it is known. */
  readonly fraction: number;
}

const TERMINAL_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;

export class ProgressLine {
  readonly #stderr: Invocation['stderr'];
  readonly #what: string;
  readonly #started = performance.now();
  #told = this.#started;
  #shown = false;

  constructor({ stderr }: Invocation, what: string) {
    this.#stderr = stderr;
    this.#what = what;
  }

  tell({ rows, fraction }: Step): void {
    const now = performance.now();
    const terminal = this.#stderr.isTTY === true;
    if (now - this.#told < (terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#told = now;
    const seconds = (now - this.#started) / 1000;
    const rate = Math.round(rows / seconds).toLocaleString('en');
    const left = fraction > 0 ? `, ${duration((seconds / fraction) * (1 - fraction))} left` : '';
    const text = `${this.#what}: ${rows.toLocaleString('en')} rows, ${rate}/s, ${Math.floor(fraction * 100)} %${left}`;
    this.#stderr.write(terminal ? `\r${text}\u001b[K` : `${text}\n`);
    this.#shown = terminal;
  }

  /** Leaves the terminal as it was. */
  end(): void {
    if (this.#shown) this.#stderr.write('\r\u001b[K');
    this.#shown = false;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
