/** In: names with numbers. Out: a table with a bar for each. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { explained } from '../explained.ts';
import { exact } from '../numbers.ts';
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

/** `most` is the value of a full bar; default: the largest. */
export function barList(
  head: readonly [name: string, value: string],
  bars: readonly Bar[],
  most = Math.max(0, ...bars.map(({ value }) => value)),
): Markup {
  return html`<table class="bars">
    <thead>
      <tr>
        <th scope="col">${head[0]}</th>
        <th scope="col" class="number" colspan="2">${head[1]}</th>
      </tr>
    </thead>
    <tbody>
      ${bars.map(
        ({ name, meaning, note, value, shown, tone = 'blue' }) =>
          html`<tr>
            <th scope="row">
              ${explained(name, meaning)}${note === undefined ? '' : html`<span class="note">${note}</span>`}
            </th>
            <td class="bar">
              <svg aria-hidden="true" width="100%" height="12">
                <rect
                  class="area ${tone}"
                  width="${most > 0 ? round((100 * Math.max(0, value)) / most) : 0}%"
                  height="12"
                  rx="2"
                />
              </svg>
            </td>
            <td class="number">${shown ?? exact(value)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
