/**
 * In: snapshots of what flows, once a second or so. Out: a picture on the terminal that renews itself
 * in place; a plain line every few seconds where there is none.
 */
import { FlowLines } from './lines.ts';
import type { FlowOptions } from './lines.ts';
import type { FlowSnapshot } from './snapshot.ts';
import type { Invocation } from '../invocation.ts';

const PLAIN_EVERY_MS = 5000;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

export class FlowPicture implements Disposable {
  readonly #stderr: Invocation['stderr'];
  readonly #live: boolean;
  readonly #color: boolean;
  readonly #lines: FlowLines;
  /** How many lines of the picture are above the cursor. */
  #height = 0;
  #hidden = false;
  #toldAt = -Infinity;
  #untold = false;
  /** Also when the process ends without coming to `end`. */
  readonly #restore = (): void => {
    if (this.#hidden) this.#stderr.write(SHOW_CURSOR);
    this.#hidden = false;
  };

  constructor(
    { stderr, environment }: Pick<Invocation, 'stderr' | 'environment'>,
    options: FlowOptions,
  ) {
    this.#stderr = stderr;
    this.#live = stderr.isTTY === true && environment['TERM'] !== 'dumb';
    this.#color = this.#live && (environment['NO_COLOR'] ?? '') === '';
    this.#lines = new FlowLines(options);
    if (this.#live) process.on('exit', this.#restore);
  }

  show(snapshot: FlowSnapshot): void {
    this.#lines.add(snapshot);
    if (this.#live) {
      this.#draw('');
      return;
    }
    this.#untold = true;
    if (snapshot.at - this.#toldAt < PLAIN_EVERY_MS) return;
    this.#toldAt = snapshot.at;
    this.#tell();
  }

  /** A line of its own, above the picture. */
  say(text: string): void {
    if (this.#live) this.#draw(`${text}\u001b[K\n`);
    else this.#stderr.write(`${text}\n`);
  }

  /** Leaves the last picture where it is, and the terminal as it was. To be called on every way out. */
  end(): void {
    if (this.#untold) this.#tell();
    this.#restore();
    process.off('exit', this.#restore);
    this.#height = 0;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #tell(): void {
    this.#untold = false;
    this.#stderr.write(`${this.#lines.summary()}\n`);
  }

  /** In one write, each line over the old one, so that nothing flickers. */
  #draw(above: string): void {
    const columns = (this.#stderr.columns ?? 80) - 1;
    const lines = this.#lines.picture(this.#color).map((line) => clipped(line, columns));
    const back = this.#height === 0 ? '' : `\u001b[${this.#height}A\r`;
    const hide = this.#hidden ? '' : HIDE_CURSOR;
    const drawn = lines.map((line) => `${line}\u001b[K\n`).join('');
    this.#hidden = true;
    this.#stderr.write(`${hide}${back}${above}${drawn}\u001b[J`);
    this.#height = lines.length;
  }
}

/** A line that wraps would be two. Colours take no column. */
function clipped(line: string, columns: number): string {
  const [plain = '', ...colored] = line.split('\u001b[');
  let kept = plain.slice(0, columns);
  let width = kept.length;
  for (const part of colored) {
    const text = part.indexOf('m') + 1;
    const fits = part.slice(text, text + columns - width);
    width += fits.length;
    kept += `\u001b[${part.slice(0, text)}${fits}`;
  }
  return kept;
}
