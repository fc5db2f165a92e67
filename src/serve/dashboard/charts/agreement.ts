/** In: shares as predicted and as observed. Out: a dot for each, around the line on which they agree. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { percent } from '../numbers.ts';
import { round } from './chart-frame.ts';

export interface Agreement {
  readonly name: string;
  /** Both 0 to 1. */
  readonly predicted: number;
  readonly observed: number;
}

const SIZE = 220;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export function agreement(label: string, dots: readonly Agreement[]): Markup {
  const y = (share: number): number => round(SIZE * (1 - share));
  return html`<div class="chart">
    <svg role="img" aria-label="${label}" width="100%" height="${SIZE + 40}">
      ${TICKS.map(
        (tick) =>
          html`<line class="grid" x1="0" x2="100%" y1="${y(tick)}" y2="${y(tick)}" /><text
              class="tick end"
              x="-8"
              y="${y(tick) + 4}"
            >
              ${100 * tick}%</text
            ><text class="tick mid" x="${100 * tick}%" y="${SIZE + 18}">${100 * tick}%</text>`,
      )}
      <line class="guide" x1="0" x2="100%" y1="${SIZE}" y2="0" />
      ${dots.map(
        ({ name, predicted, observed }) =>
          html`<circle
            class="hit area blue"
            cx="${round(100 * predicted)}%"
            cy="${y(observed)}"
            r="6"
          >
            <title>
              ${[name, `predicted\t${percent(100 * predicted)}`, `observed\t${percent(100 * observed)}`].join('\n')}
            </title>
          </circle>`,
      )}
      <text class="tick mid" x="50%" y="${SIZE + 36}">predicted (across), observed (up)</text>
    </svg>
  </div>`;
}
