/** In: names with numbers. Out: a table with a bar for each. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { explained } from '../explained.ts';
import { exact } from '../numbers.ts';
import { barTable } from './bar-table.ts';
import { round } from './chart-frame.ts';
import type { Tone } from './line-chart.ts';

export interface Bar {
  readonly name: string;
  /** Shown when the name is pointed at. */
  readonly meaning?: string | undefined;
  /** Below the name. */
  readonly note?: string | undefined;
  readonly value: number;
  /** Default: the value. */
  readonly shown?: string | undefined;
  readonly tone?: Tone | undefined;
}

/** Pixels. */
const HEIGHT = 12;

/** `most` is the value of a full bar; default: the largest. */
export function barList(
  head: readonly [name: string, value: string],
  bars: readonly Bar[],
  most = Math.max(0, ...bars.map(({ value }) => value)),
): Markup {
  const rows = bars.map(({ name, meaning, note, value, shown, tone = 'blue' }) => ({
    name: html`${explained(name, meaning)}${note === undefined ? '' : html`<span class="note">${note}</span>`}`,
    marks: html`<rect
      class="area ${tone}"
      width="${most > 0 ? round((100 * Math.max(0, value)) / most) : 0}%"
      height="${HEIGHT}"
      rx="2"
    />`,
    number: shown ?? exact(value),
  }));
  return barTable({ head, rows, height: HEIGHT });
}
