/** In: names, each with a drawing one line high and a number. Out: a table of them. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';

export interface BarRow {
  readonly name: string | Markup;
  /** What goes into the drawing. */
  readonly marks: Markup;
  readonly number: string | Markup;
}

export interface BarTable {
  readonly head: readonly [name: string, value: string];
  readonly rows: readonly BarRow[];
  /** Height of a drawing, in pixels. */
  readonly height: number;
}

export function barTable({ head, rows, height }: BarTable): Markup {
  return html`<table class="bars">
    <thead>
      <tr>
        <th scope="col">${head[0]}</th>
        <th scope="col" class="number" colspan="2">${head[1]}</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ({ name, marks, number }) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td class="bar">
              <svg aria-hidden="true" width="100%" height="${height}">${marks}</svg>
            </td>
            <td class="number">${number}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
