/**
 * In: marks, ticks and what is said of each place. Out: a chart as SVG. Its width is that of the page
 * around it: places are in thousandths of it, which are stretched; text and strokes are not.
 */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import type { Slot, Tick } from './slots.ts';

/** Marks are drawn in a space so wide, and as high as the chart. */
export const WIDTH = 1000;
export const HEIGHT = 200;
const AXIS_HEIGHT = 24;

export interface ChartFrameOptions {
  /** What it shows, for whoever cannot see it. */
  readonly label: string;
  /** `at` 0 = bottom, 1 = top. */
  readonly yTicks: readonly Tick[];
  readonly xTicks: readonly Tick[];
  readonly marks: readonly Markup[];
  /** From the top, in pixels: what to compare with. */
  readonly guides?: readonly number[];
  readonly slots: readonly Slot[];
  /** Lines that are shown of a place: `label\tvalue`. */
  readonly told: (index: number) => readonly string[];
}

export function chartFrame(options: ChartFrameOptions): Markup {
  const { label, yTicks, xTicks, marks, guides = [], slots, told } = options;
  const wide = WIDTH / Math.max(1, slots.length);
  const firstLive = slots.findIndex(({ live }) => live);
  const yOf = ({ at }: Tick): number => round(HEIGHT * (1 - at));
  return html`<div class="chart">
    <svg role="img" aria-label="${label}" width="100%" height="${HEIGHT + AXIS_HEIGHT}">
      ${yTicks.map(
        (tick) =>
          html`<line class="grid" x1="0" x2="100%" y1="${yOf(tick)}" y2="${yOf(tick)}" /><text
              class="tick end"
              x="-8"
              y="${yOf(tick) + 4}"
            >
              ${tick.label}
            </text>`,
      )}
      <svg
        width="100%"
        height="${HEIGHT}"
        viewBox="0 0 ${WIDTH} ${HEIGHT}"
        preserveAspectRatio="none"
      >
        ${
          firstLive < 0
            ? ''
            : html`<rect
                class="live-band"
                x="${round(firstLive * wide)}"
                y="0"
                width="${round(WIDTH - firstLive * wide)}"
                height="${HEIGHT}"
              />`
        }
        ${marks}
        ${slots.map(
          ({ name, live }, index) =>
            html`<rect
              class="hit"
              x="${round(index * wide)}"
              y="0"
              width="${round(wide)}"
              height="${HEIGHT}"
            >
              <title>${[live ? `${name}\tlive` : name, ...told(index)].join('\n')}</title>
            </rect>`,
        )}
      </svg>
      ${guides.map(
        (y) => html`<line class="guide" x1="0" x2="100%" y1="${round(y)}" y2="${round(y)}" />`,
      )}
      ${xTicks.map(
        (tick) =>
          html`<text class="tick mid" x="${round(100 * tick.at)}%" y="${HEIGHT + 18}">
            ${tick.label}
          </text>`,
      )}
    </svg>
  </div>`;
}

/** As few digits as the eye can tell. */
export function round(value: number): number {
  return Math.round(100 * value) / 100;
}
