/** In: factors with their intervals. Out: a table with each on one logarithmic scale around 1. */
import { scaleLog } from 'd3-scale';
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { exact } from '../numbers.ts';
import { barTable } from './bar-table.ts';
import { round } from './chart-frame.ts';

export interface Interval {
  readonly name: string;
  /** All above 0. */
  readonly low: number;
  readonly value: number;
  readonly high: number;
}

/** The scale ends here at the latest: a wider interval is cut off. */
const WIDEST = 8;
/** Pixels. */
const HEIGHT = 16;

export function intervals(
  head: readonly [name: string, value: string],
  all: readonly Interval[],
): Markup {
  const reach = all.map(({ low, high }) => Math.max(high, 1 / low));
  const most = Math.min(WIDEST, Math.max(1.25, ...reach));
  const scale = scaleLog([1 / most, most], [2, 98]).clamp(true);
  const at = (value: number): string => `${round(scale(value))}%`;
  const middle = HEIGHT / 2;
  const rows = all.map(({ name, low, value, high }) => ({
    name,
    marks: html`<line class="guide" x1="${at(1)}" x2="${at(1)}" y1="0" y2="${HEIGHT}" />
      <line
        class="stroke ${toneOf(low, high)}"
        x1="${at(low)}"
        x2="${at(high)}"
        y1="${middle}"
        y2="${middle}"
      />
      <circle class="area ${toneOf(low, high)}" cx="${at(value)}" cy="${middle}" r="4" />`,
    number: html`${exact(value)}<span class="note">${exact(low)} to ${exact(high)}</span>`,
  }));
  return barTable({ head, rows, height: HEIGHT });
}

/** An interval that holds 1 says nothing. */
function toneOf(low: number, high: number): string {
  if (low > 1) return 'teal';
  return high < 1 ? 'red' : 'grey';
}
